// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { defaultTag, isRepositoryName, isTag } from '@teu/oci-spec/distribution'
import { type Descriptor, isDigest } from '@teu/oci-spec/image'
import { Command } from 'commander'
import type { Store } from '../store/store.ts'
import { openFor, type StoreFlags, withStoreFlags } from './open-store.ts'
import { findFile } from './place.ts'
import { printJson, run } from './run.ts'
import type { Surroundings } from './surroundings.ts'

interface ImageFlags extends StoreFlags {
  name?: string
}

/** `teu-registry export`. @internal */
export function exportCommand(around: Surroundings): Command {
  const command = new Command('export')
    .description("Copy an image out of a registry's directory into an OCI layout, whether the registry runs or not.")
    .argument('<image>', 'repository, with :tag or @digest; default :latest')
    .argument('<layout>', 'folder of a layout, or name of a tar of one, which ends in .tar')
    .option('--name <name>', 'what it is to be called there; default its tag')
  return withStoreFlags(command)
    .addHelpText(
      'after',
      `
Everything of an index is copied, byte for byte, and compared with its digests.

Examples:
  teu-registry export --root ./registry team/app:v1 ./layout
  teu-registry export --root ./registry team/app:v1 app.tar
  skopeo inspect oci-archive:app.tar:v1`,
    )
    .action((text: string, file: string, flags: ImageFlags) =>
      run(around, async ({ signal }) => {
        const source = imageIn(text)
        await using opened = await openFor(flags, true)
        const { store } = opened
        const name = flags.name ?? (isDigest(source.reference) ? undefined : source.reference)
        const descriptor = await exportTo(file, store, source, { signal, ...(name && { name }) })
        if (flags.json) printJson(around, { ...descriptor, to: file })
        else around.stdout.write(`${descriptor.digest}\n`)
      }),
    )
}

interface ImageIn {
  repository: string
  /** A tag or a digest. */
  reference: string
}

async function exportTo(
  file: string,
  store: Store,
  source: ImageIn,
  { signal, ...options }: { signal: AbortSignal; name?: string },
): Promise<Descriptor> {
  const { exportImage } = await import('../upkeep/export-image.ts')
  if (!file.endsWith('.tar')) {
    const { layoutSink } = await import('../layout/layout-sink.ts')
    const sink = layoutSink(file)
    const root = await exportImage(store, source, sink, { signal })
    await sink.add(root, options)
    return root
  }
  const { fillLayoutArchive } = await import('../layout/write-layout.ts')
  const { entryFor } = await import('../layout/layout-index.ts')
  const exported: Descriptor[] = []
  await fillLayoutArchive(file, async (sink) => {
    exported.push(await exportImage(store, source, sink, { signal }))
    return exported.map((root) => entryFor(root, options))
  })
  return exported[0] as Descriptor
}

/** `teu-registry import`. @internal */
export function importCommand(around: Surroundings): Command {
  const command = new Command('import')
    .description("Copy an image from an OCI layout into a registry's directory; the registry must not be running.")
    .argument('<layout>', 'a layout or a tar of one: a path, or oci:DIR[:NAME], oci-archive:FILE[:NAME]')
    .argument('<image>', 'repository, with :tag; default :latest')
    .option('--name <name>', 'which image of the layout, when there are several')
  return withStoreFlags(command)
    .addHelpText(
      'after',
      `
Into a registry that runs, teu-registry push does the same.

Examples:
  teu-registry import --root ./registry ./layout team/app:v1
  skopeo copy docker://alpine oci-archive:alpine.tar:3
  teu-registry import --root ./registry alpine.tar library/alpine:3`,
    )
    .action((file: string, text: string, flags: ImageFlags) =>
      run(around, async ({ signal }) => {
        const { repository, reference } = imageIn(text)
        if (isDigest(reference))
          throw new StackError('invalid-argument', `${text}: an image is imported by a tag; its digest is its own`)
        const place = await findFile(file, flags.name)
        if (place.kind === 'docker-archive')
          throw new StackError('invalid-argument', `${place.path}: no OCI layout; teu-registry push takes it as well`)
        const { openLayout } = await import('../layout/layout.ts')
        const layout = await openLayout(place.path)
        const { annotations: _, ...root } = layout.find(place.name)
        const { importImage } = await import('../upkeep/import-image.ts')
        await using opened = await openFor(flags, false)
        const { store } = opened
        await importImage(store, { repository, tags: [reference] }, layout, root, { signal })
        if (flags.json) printJson(around, { ...root, to: `${repository}:${reference}` })
        else around.stdout.write(`${root.digest}\n`)
      }),
    )
}

/** An image by its name in one registry: no host in front of the repository. */
function imageIn(text: string): ImageIn {
  const at = text.indexOf('@')
  const colon = text.lastIndexOf(':')
  const end = at !== -1 ? at : colon !== -1 ? colon : text.length
  const [repository, reference] = [text.slice(0, end), end === text.length ? defaultTag : text.slice(end + 1)]
  const isKnown = isRepositoryName(repository) && (at === -1 ? isTag(reference) : isDigest(reference))
  if (isKnown) return { repository, reference }
  throw new StackError('invalid-argument', `${JSON.stringify(text)}: want repository:tag or repository@digest`)
}
