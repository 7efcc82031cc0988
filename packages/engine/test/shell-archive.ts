// SPDX-License-Identifier: Apache-2.0
import { digestOf } from '@teu/oci-spec/image'
import { machineFiles, readMachineFile } from '../../../scripts/machine-programs.mjs'
import { type LayerEntry, layerTar, sampleImage } from './sample-image.ts'

/** The machine's shell and what goes with it, as a layer. */
function shellLayer(): LayerEntry[] {
  const files = machineFiles(['cat', 'echo', 'id', 'sh', 'sleep', 'stty', 'true']).map((file) => ({
    name: file.path,
    mode: 0o755,
    content: readMachineFile(file),
  }))
  const above = files.flatMap(({ name }) => [...name.matchAll(/\//g)].map(({ index }) => name.slice(0, index)))
  return [
    ...[...new Set([...above, 'dev', 'etc', 'proc', 'sys'])].map(
      (name) => ({ name, type: 'directory', mode: 0o755 }) as const,
    ),
    { name: 'etc/passwd', content: 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' },
    ...files,
  ]
}

/** A docker archive with the machine's shell, in one chunk. */
export async function* shellArchive(name: string): AsyncGenerator<Uint8Array> {
  const layer = shellLayer()
  const tar = layerTar(layer)
  const { config } = sampleImage([layer], { Env: ['PATH=/bin'], Cmd: ['sh'] })
  const text = JSON.stringify(config)
  const id = digestOf(Buffer.from(text)).replace('sha256:', '')
  const manifest = [{ Config: `${id}.json`, RepoTags: [name], Layers: ['layer.tar'] }]
  yield layerTar([
    { name: `${id}.json`, content: text },
    { name: 'layer.tar', content: tar },
    { name: 'manifest.json', content: JSON.stringify(manifest) },
  ])
}
