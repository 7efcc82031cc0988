// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { compareNames, type TarEntry, TarParser, tarEnd, tarHeader, tarPadding } from '@teu/oci-spec/archive'
import type { HistoryEntry } from '@teu/oci-spec/image'
import { decompressed } from './compression/decompress.ts'
import { type Image, withLayers } from './image.ts'
import { whiteoutName } from './layer/entry-path.ts'
import { type Layer, type LayerOptions, layerFromTar } from './layer/layer.ts'
import { type DirectoryNode, LayerTree, type LeafNode, plainDirectory } from './layer/layer-tree.ts'
import { historyAbove } from './rebase.ts'

/** Options of {@link squashImage}. @public */
export interface SquashOptions extends LayerOptions {
  /** How many of the lowest layers stay as they are. Default 0: all become one. */
  keep?: number
  /** What the history says of the layer. Default: that it was squashed. */
  history?: HistoryEntry
}

/**
 * The image with its layers, or those above the first `keep`, as one that comes to the same: what a layer replaced or
 * removed is not in it. Layers are read now to learn what is in them, and again each time the new one is opened; names
 * and attributes are held in memory meanwhile, content is not. The same layers make the same bytes.
 *
 * Throws `invalid-argument` for a layer that no one may unpack.
 *
 * @public
 */
export async function squashImage(image: Image, options: SquashOptions = {}): Promise<Image> {
  const { keep = 0, history = { created_by: 'squash' }, ...how } = options
  if (!Number.isInteger(keep) || keep < 0 || keep > image.layers.length)
    throw new StackError('invalid-argument', `an image of ${image.layers.length} layers cannot keep ${keep}`)
  const upper = image.layers.slice(keep)
  if (upper.length === 0) return image
  const squashed = await squashLayers(upper, keep === 0, how)
  const all = image.config.history ?? []
  const below = all.slice(0, all.length - historyAbove(image, keep).length)
  return withLayers(image, [...image.layers.slice(0, keep), squashed], [...below, history])
}

async function squashLayers(layers: readonly Layer[], complete: boolean, options: LayerOptions): Promise<Layer> {
  const tree = new LayerTree(complete)
  for (const [number, layer] of layers.entries()) {
    let ordinal = 0
    const parser = new TarParser({
      entry: (entry) => tree.apply(entry, number, ordinal++),
      data: () => {},
      hole: () => {},
      end: () => {},
    })
    for await (const chunk of decompressed(layer.open())) parser.push(chunk)
    parser.finish()
  }
  return layerFromTar(() => writeTree(tree, layers, complete), options)
}

/** Names of one file, sorted. */
type Names = Map<LeafNode, string[]>

/** Directories come first, with what they hide and what has no content; then files as they lie in the layers; then links. */
async function* writeTree(
  tree: LayerTree,
  layers: readonly Layer[],
  complete: boolean,
): AsyncGenerator<Uint8Array, void, undefined> {
  const names: Names = new Map()
  yield* directories(tree.root, [], complete, names)
  const wanted = layers.map(() => new Map<number, TarEntry>())
  for (const [{ layer, ordinal, entry }, [name = '']] of names)
    if (entry.type === 'file') wanted[layer]?.set(ordinal, { ...entry, name })
  for (const [number, layer] of layers.entries()) yield* filesOf(layer, wanted[number] as Map<number, TarEntry>)
  for (const [{ entry }, [name = '', ...others]] of names) {
    for (const other of others) yield tarHeader({ ...entry, type: 'hardlink', size: 0, name: other, linkName: name })
  }
  yield tarEnd
}

function* directories(
  directory: DirectoryNode,
  path: readonly string[],
  complete: boolean,
  names: Names,
): Generator<Uint8Array, void, undefined> {
  const entry = directory.entry ?? (complete && path.length > 0 ? plainDirectory : undefined)
  if (entry !== undefined) yield tarHeader({ ...entry, name: `${path.length === 0 ? '.' : path.join('/')}/` })
  const removal = (name?: string) =>
    tarHeader({ ...plainDirectory, type: 'file', mode: 0o644, name: whiteoutName(path, name) })
  if (directory.opaque && !complete) yield removal()
  const children = [...directory.children].sort(([a], [b]) => compareNames(a, b))
  for (const [name, child] of children) if (child.kind === 'whiteout') yield removal(name)
  for (const [name, child] of children) {
    const at = [...path, name]
    if (child.kind === 'directory') yield* directories(child, at, complete, names)
    if (child.kind !== 'leaf') continue
    const known = names.get(child)
    names.set(child, [...(known ?? []), at.join('/')])
    if (known === undefined && child.entry.type !== 'file') yield tarHeader({ ...child.entry, name: at.join('/') })
  }
}

/** The wanted files of a layer, by their number in it, under their new names. */
async function* filesOf(
  layer: Layer,
  wanted: ReadonlyMap<number, TarEntry>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (wanted.size === 0) return
  let ordinal = -1
  let current: TarEntry | undefined
  let ready: (Uint8Array | { zeros: number })[] = []
  const parser = new TarParser({
    entry: () => {
      current = wanted.get(++ordinal)
      if (current !== undefined) ready.push(tarHeader(current))
    },
    // The bytes are only lent.
    data: (chunk) => void (current !== undefined && ready.push(Buffer.from(chunk))),
    hole: (zeros) => void (current !== undefined && ready.push({ zeros })),
    end: () => void (current !== undefined && ready.push(new Uint8Array(tarPadding(current.size)))),
  })
  for await (const chunk of decompressed(layer.open())) {
    parser.push(chunk)
    for (const part of ready) yield* part instanceof Uint8Array ? [part] : zerosOf(part.zeros)
    ready = []
  }
}

/** Yields the zeros that the archive of a sparse file leaves out, never all of them at once. */
function* zerosOf(length: number): Generator<Uint8Array, void, undefined> {
  const chunk = new Uint8Array(Math.min(length, 256 * 1024))
  for (let left = length; left > 0; left -= chunk.length) yield chunk.subarray(0, left)
}
