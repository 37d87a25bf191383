// `neurite/pictures`: what was learned, as data and as SVG. For browsers and Node alike.
export { imageGrid, type GridOptions } from './grid.ts';
export { activationImages, attentionMaps, filters, saliency, type FilterOptions } from './learned.ts';
