import { RaxedError } from '../errors.js';

/** A bad parameter. `field` is the JSON pointer of a field that the schema knows, or of the object that holds an unknown one. */
export class ParamsError extends RaxedError {
  override readonly name = 'ParamsError';
  readonly field: string;

  constructor(field: string, problem: string) {
    super('BAD_REQUEST', field === '' ? problem : `${field}: ${problem}`);
    this.field = field;
  }
}
