/** The versions of the system under test: an image of each, and which one a node had last. */
import type { Capability } from '../cluster.ts';
import type { Engine } from './docker-engine.ts';
import { type BaseImage, prepareServerImage } from './images/images.ts';

/** Another version of the system: its name, and the folder that holds its server/. */
export interface OtherVersion {
  readonly name: string;
  readonly sourceRoot: string;
}

export interface DockerVersionsOptions {
  readonly engine: Engine;
  readonly base: BaseImage;
  readonly sourceRoot: string;
  readonly otherVersion: OtherVersion | null;
  readonly onProgress: (line: string) => void;
}

/** Of the sources that the run is about. */
const firstVersion = 'first';

export class DockerVersions {
  readonly #options: DockerVersionsOptions;
  readonly #images = new Map<string, string>();
  readonly #last = new Map<string, string>();

  constructor(options: DockerVersionsOptions) {
    this.#options = options;
  }

  get names(): readonly string[] {
    const { otherVersion } = this.#options;
    return otherVersion === null ? [firstVersion] : [firstVersion, otherVersion.name];
  }

  get capability(): Capability {
    if (this.names.length > 1) {
      return { available: true, how: 'an image of each; a new container on the same volume' };
    }
    const why = 'this run has one version of the system only';
    return { available: false, why, remedy: 'name a fault that needs another with --nemesis' };
  }

  async prepareImages(): Promise<void> {
    const { engine, base, sourceRoot, otherVersion, onProgress } = this.#options;
    const roots = [sourceRoot, ...(otherVersion === null ? [] : [otherVersion.sourceRoot])];
    for (const [at, root] of roots.entries()) {
      const image = await prepareServerImage(engine, { base, sourceRoot: root, onProgress });
      this.#images.set(this.names[at] ?? '', image);
    }
  }

  /** Of the version that is named, else of its last one. */
  imageOf(node: string, version: string | undefined): string {
    const name = version ?? this.#last.get(node) ?? firstVersion;
    const image = this.#images.get(name);
    if (image === undefined) {
      throw new RangeError(`there is no version ${name}, only ${this.names.join(' and ')}`);
    }
    this.#last.set(node, name);
    return image;
  }
}
