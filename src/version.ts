import manifest from '../package.json' with { type: 'json' };

/** raxed's version. The bundles hold it; they read no file for it. */
export const VERSION: string = manifest.version;
