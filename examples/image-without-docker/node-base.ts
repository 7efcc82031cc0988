// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createRegistryClient, parseReference } from '@teu/image-registry/client'
import { appendLayer, emptyImage, layerFromEntries, pushSource, withRunConfig } from '@teu/image-registry/image'

/**
 * Pushes a base image that needs no network to make: the Node that runs this, and the libraries that it is linked with.
 * A real project names `node:24-slim` instead.
 */
export async function pushNodeBase(target: string): Promise<void> {
  const files = [{ path: 'usr/bin/node', content: await readFile(process.execPath) }]
  for (const file of linkedLibraries()) files.push({ path: file.slice(1), content: await readFile(file) })
  const entries = files.map((file) => ({ ...file, mode: 0o755 }))
  const layer = await layerFromEntries(entries, { compression: 'none' })
  const image = withRunConfig(appendLayer(emptyImage(), layer), { Env: ['PATH=/usr/bin'] })
  await using client = createRegistryClient()
  await client.push(parseReference(target), image.descriptor, pushSource(image))
}

/** By the paths that the loader knows them by. */
function linkedLibraries(): string[] {
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] }
  return sharedObjects.filter((file) => path.isAbsolute(file) && !file.endsWith('.node'))
}
