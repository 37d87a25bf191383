// All operators, registered by being imported.
import './control.ts';
import './convolution.ts';
import './elementwise.ts';
import './gather.ts';
import './loss.ts';
import './normalise.ts';
import './pooling.ts';
import './product.ts';
import './quantize.ts';
import './random.ts';
import './recurrent.ts';
import './reduce.ts';
import './regions.ts';
import './resize.ts';
import './sequence.ts';
import './shape.ts';
import './signal.ts';
