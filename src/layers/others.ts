// Every layer beyond those of dense networks (core.ts, shape.ts), for who restores whatever a file holds.
import './convolution.ts';
import './pooling.ts';
import './recurrent.ts';
import './resize.ts';
import './sequence.ts';
