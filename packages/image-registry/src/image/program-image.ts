// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import type { ImageRunConfig, Platform } from '@teu/oci-spec/image'
import { appendLayer, emptyImage, type Image, withCreated, withRunConfig } from './image.ts'
import { layerFromEntries } from './layer/layer.ts'

/** What {@link buildProgramImage} makes an image of. @public */
export interface ProgramImageInit {
  /** A static executable: its bytes, or the path of a file. */
  program: Uint8Array | string
  /** Its name in the root directory. Default `program`. */
  name?: string
  /** What it runs on. Default: Linux on this machine's processor. */
  platform?: Platform
  /** Defaults for containers, in place of or besides the command, which is the program. */
  config?: ImageRunConfig
  /** RFC 3339. Default 1970-01-01T00:00:00Z, so that the same program makes the same image. */
  created?: string
}

/**
 * An image of one layer with one file: a static program, which is also its command. A program given by path is read whole.
 * Fails as `fs.readFile` does when there is no such file.
 *
 * @public
 */
export async function buildProgramImage(init: ProgramImageInit): Promise<Image> {
  const { program, name = 'program', platform, config = {}, created = '1970-01-01T00:00:00Z' } = init
  const content = typeof program === 'string' ? await readFile(program) : program
  const layer = await layerFromEntries([{ path: name, mode: 0o755, content }])
  const base = withCreated(emptyImage(platform), created)
  const image = appendLayer(base, layer, { created, created_by: `COPY ${name} /${name}` })
  return withRunConfig(image, { Cmd: [`/${name}`], WorkingDir: '/', ...config })
}
