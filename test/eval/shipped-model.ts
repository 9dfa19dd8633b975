import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Model } from '../../src/model/model.js';
import { readModel } from '../../src/model/model.js';

export interface ShippedModel {
  readonly model: Model;
  /** Whether it was trained on a source: what it says of that proves nothing. By the file's name or content. */
  isTrainedOn(source: string, sha256: string): boolean;
}

interface Manifest {
  readonly sources: readonly { readonly source: string; readonly sha256: string; readonly trained_on: number; readonly made_of_others?: true }[];
}

/** The model of the source tree; undefined when none was trained. */
export function shippedModel(folder: string = join(import.meta.dirname, '../../src/model')): ShippedModel | undefined {
  const weights = join(folder, 'weights.bin');
  if (!existsSync(weights)) return undefined;
  const { sources } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
  const trained = sources.filter(({ trained_on: texts, made_of_others: isDerived }) => texts > 0 || isDerived === true).flatMap(({ source, sha256 }) => [source, sha256]);
  return { model: readModel(readFileSync(weights)), isTrainedOn: (source, sha256) => trained.includes(source) || trained.includes(sha256) };
}
