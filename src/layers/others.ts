// Every layer beyond those of dense networks (core.ts, shape.ts), for who restores whatever a file holds.
import './attention.ts';
import './axes.ts';
import './convolution.ts';
import './dropouts.ts';
import './embedding.ts';
import './lambda.ts';
import './normalization.ts';
import './noise.ts';
import './pooling.ts';
import './recurrent.ts';
import './resize.ts';
import './sequence.ts';
import './transformer.ts';
