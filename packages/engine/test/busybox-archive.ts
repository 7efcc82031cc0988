// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { digestOf } from '@teu/oci-spec/image'
import { type LayerEntry, layerTar, sampleImage } from './sample-image.ts'

const applets = ['cat', 'echo', 'id', 'sh', 'sleep', 'stty', 'true', 'usleep']

const layer: LayerEntry[] = [
  ...['bin', 'dev', 'etc', 'proc', 'sys'].map((name): LayerEntry => ({ name, type: 'directory', mode: 0o755 })),
  { name: 'etc/passwd', content: 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' },
  ...applets.map((name): LayerEntry => ({ name: `bin/${name}`, type: 'symlink', linkName: 'busybox' })),
]

/** A docker archive of the machine's static busybox, in one chunk. */
export async function* busyboxArchive(name: string): AsyncGenerator<Uint8Array> {
  const program: LayerEntry = { name: 'bin/busybox', mode: 0o755, content: readFileSync('/bin/busybox') }
  const tar = layerTar([...layer, program])
  const { config } = sampleImage([[...layer, program]], { Env: ['PATH=/bin'], Cmd: ['sh'] })
  const text = JSON.stringify(config)
  const id = digestOf(Buffer.from(text)).replace('sha256:', '')
  const manifest = [{ Config: `${id}.json`, RepoTags: [name], Layers: ['layer.tar'] }]
  yield layerTar([
    { name: `${id}.json`, content: text },
    { name: 'layer.tar', content: tar },
    { name: 'manifest.json', content: JSON.stringify(manifest) },
  ])
}
