// `neurite/inference` on Node: the same, and paths as sources.
import './install.ts';

export * from '../inference/index.ts';
