// Weights in files beside the model: which files a model names, and that none of them lies outside its folder.
import { FormatError } from '../../core/errors.ts';
import { allNodes } from './check.ts';
import type { ModelProto, TensorProto } from './schema.ts';

/** The names of the files that hold weights, as the model gives them, each once. */
export function externalLocations(model: ModelProto): string[] {
  const locations = new Set<string>();
  const add = ({ dataLocation, externalData }: TensorProto) => {
    const location = externalData?.find(({ key }) => key === 'location')?.value;
    if (dataLocation === 1 && location) locations.add(location);
  };
  const visit = ({ initializer = [], sparseInitializer = [] }: NonNullable<ModelProto['graph']>) => {
    initializer.forEach(add);
    for (const { values, indices } of sparseInitializer) [values, indices].forEach((tensor) => tensor && add(tensor));
  };
  if (model.graph) visit(model.graph);
  for (const nodes of [model.graph?.node, ...(model.functions ?? []).map(({ node }) => node)])
    for (const { attribute = [] } of allNodes(nodes))
      for (const { t, g, graphs = [] } of attribute) {
        if (t) add(t);
        for (const graph of [...(g ? [g] : []), ...graphs]) visit(graph);
      }
  return [...locations];
}

/** @throws FormatError for a name that is not of a file in the model's folder or below it */
export function checkLocation(location: string, what: string): void {
  const parts = location.split(/[\\/]/);
  const climbs = parts.includes('..') || parts[0] === '' || /^[A-Za-z]:/.test(location) || location.includes('\0');
  if (climbs || /^[a-z][a-z0-9+.-]*:\/\//i.test(location))
    throw new FormatError(`${what}: its weights are in ${JSON.stringify(location)}, outside the model's folder`);
}
