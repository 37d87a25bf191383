// `neurite/pictures`: what was learned, as data and as SVG. For browsers and Node alike.
export { imageGrid, type GridOptions } from './grid.ts';
export {
  activationImages,
  attentionImages,
  filters,
  saliency,
  type FilterOptions,
  type SaliencyOptions,
} from './learned.ts';
export { attentionMaps, type AttentionMap } from '../model/attention-maps.ts';
