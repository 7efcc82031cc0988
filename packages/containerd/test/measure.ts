// SPDX-License-Identifier: Apache-2.0
// `npm run measure -w packages/containerd [-- IMAGES]`: what calls take beside collections and lists in a large store.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inNamespace } from '@teu/containerd-api'
import { createContainerd } from '../src/index.ts'
import { fillStore, imageName, loopLoad, quantile } from './many-images.ts'

const images = Number(process.argv[2] ?? 50_000)
const inStore = inNamespace('store')
const folder = await mkdtemp(join(tmpdir(), 'teu-measure-'))
try {
  const root = join(folder, 'root')
  await using containerd = await createContainerd({ root, state: join(folder, 'state') })
  const { services } = containerd
  fillStore(root, 'store', images)
  const call = () => services.images.get({ name: imageName(images - 1) }, inStore)
  const remove = (index: number) =>
    services.images.delete({ name: imageName(index), sync: true, target: undefined }, inStore)
  const list = (filter: string) => services.images.list({ filters: [filter] }, inStore)
  const rows: [string, () => Promise<unknown>][] = [
    ['nothing', () => new Promise((resolve) => setTimeout(resolve, 1000))],
    ['one image is removed and collected', () => remove(1)],
    ['1,000 images are removed and collected', () => removeMany(1000)],
    ['images of one label are listed', () => list('labels.team==team-7')],
    ['images whose name matches a pattern are listed', () => list('name~=image-4[0-9]*7:')],
    ['one image is listed by its name', () => list(`name==${imageName(images - 2)}`)],
  ]
  const removeMany = async (count: number) => {
    for (let index = 2; index < count + 1; index++)
      await services.images.delete({ name: imageName(index), sync: false, target: undefined }, inStore)
    await remove(count + 1)
  }
  process.stdout.write(`${images} images; milliseconds\n`)
  for (const [name, work] of rows) {
    const before = performance.now()
    const { turns, calls } = await loopLoad(work, call)
    const figures = {
      whole: performance.now() - before,
      'call p50': quantile(calls, 0.5),
      'call p99': quantile(calls, 0.99),
      'call longest': calls.at(-1) ?? 0,
      'turn longest (processor)': turns.at(-1) ?? 0,
    }
    const shown = Object.entries(figures).map(([label, ms]) => `${label} ${ms.toFixed(1)}`)
    process.stdout.write(`${name}: ${shown.join(', ')}\n`)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
