import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  mkdirSync,
  openSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { run } from './run.js';

/** No clock in an image: the same files are the same image, whenever it was made. */
const CREATED = '1970-01-01T00:00:00Z';

/** Sorted names, one owner, one date. */
const SAME_BYTES = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];

export interface ImageSettings {
  /** As docker and Debian both write it: amd64, arm64. */
  readonly architecture: string;
  readonly port: number;
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** The command line that made it. */
  readonly createdBy: string;
}

/**
 * The configuration of an image with one layer, as the OCI image specification describes it. It is run by
 * nobody's numeric id, so that it needs no /etc/passwd, and is stopped by SIGKILL, because a program without a
 * handler of its own ignores SIGTERM when it is process 1.
 */
export function imageConfig(layerDigest: string, settings: ImageSettings): string {
  return JSON.stringify({
    architecture: settings.architecture,
    os: 'linux',
    created: CREATED,
    config: {
      User: '65534:65534',
      ExposedPorts: { [`${settings.port}/tcp`]: {} },
      Env: ['PATH=/usr/bin'],
      Cmd: settings.command,
      WorkingDir: '/',
      Labels: settings.labels,
      StopSignal: 'SIGKILL',
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created: CREATED, created_by: settings.createdBy }],
  });
}

async function tar(directory: string, file: string, signal: AbortSignal): Promise<void> {
  const stdout = openSync(file, 'w');
  try {
    const args = ['--create', '--format=gnu', ...SAME_BYTES, '-C', directory, '--'];
    await run(file, 'tar', [...args, ...readdirSync(directory).sort()], { signal, stdout });
  } finally {
    closeSync(stdout);
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function sha256File(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/**
 * Makes an archive that `docker load` and `podman load` take, with the image whose root directory is
 * `scratch`/stage. Its member layer.tar is the image's file system. Resolves to the image's id.
 */
export async function writeArchive(
  scratch: string,
  file: string,
  image: string,
  settings: ImageSettings,
  signal: AbortSignal,
): Promise<string> {
  const parts = `${scratch}/parts`;
  mkdirSync(parts);
  await tar(`${scratch}/stage`, `${parts}/layer.tar`, signal);
  const config = imageConfig(await sha256File(`${parts}/layer.tar`), settings);
  const id = sha256(config);
  const manifest = [{ Config: `${id}.json`, RepoTags: [`${image}:latest`], Layers: ['layer.tar'] }];
  writeFileSync(`${parts}/${id}.json`, config);
  writeFileSync(`${parts}/manifest.json`, JSON.stringify(manifest));
  await tar(parts, file, signal);
  return id;
}
