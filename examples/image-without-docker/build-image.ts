// SPDX-License-Identifier: Apache-2.0
import { createRegistryClient, dockerKeychain, parseReference } from '@teu/image-registry/client'
import {
  appendLayer,
  imageFromRegistry,
  layerFromDirectory,
  pushSource,
  withRunConfig,
} from '@teu/image-registry/image'

/** Makes an image of a Node web app on top of `base`, and pushes it as `target`; answers its digest. */
export async function buildImage(app: string, base: string, target: string): Promise<string> {
  await using client = createRegistryClient({ credentials: dockerKeychain() })
  const below = await imageFromRegistry(client, parseReference(base))
  const files = await layerFromDirectory(app, { prefix: '/srv/app' })
  const image = withRunConfig(appendLayer(below, files, { created_by: 'COPY app /srv/app' }), {
    WorkingDir: '/srv/app',
    Entrypoint: ['node', 'server.js'],
    Cmd: [],
    User: '1000:1000',
    ExposedPorts: { '8080/tcp': {} },
  })
  const push = client.push(parseReference(target), image.descriptor, pushSource(image))
  for await (const event of push)
    if (event.type === 'completed') console.log(event.outcome.kind, event.descriptor.digest)
  return image.descriptor.digest
}
