/** Versions of what took part in a run, for the report. */
import { readFileSync } from 'node:fs';

export function readVersions(): Readonly<Record<string, string>> {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  return {
    rafture: version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
  };
}
