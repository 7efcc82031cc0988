// SPDX-License-Identifier: Apache-2.0
// Builds the image teu/hello as an OCI layout in packages/teu/image, from the static program of each processor that
// was compiled. The same programs make the same bytes.
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { buildProgramImage } from '@teu/image-registry/image'
import { writeLayout } from '@teu/image-registry/layout'

const folder = path.resolve(import.meta.dirname, '..')
const prebuilt = path.resolve(folder, '../linux/prebuilt')
const architectures = { x64: 'amd64', arm64: 'arm64' }

const images = []
for (const [processor, architecture] of Object.entries(architectures)) {
  const program = path.join(prebuilt, `linux-${processor}`, 'hello')
  if (existsSync(program))
    images.push(await buildProgramImage({ program, name: 'hello', platform: { os: 'linux', architecture } }))
}
if (images.length === 0) throw new Error('no hello program: build the native parts first')
const target = path.join(folder, 'image')
rmSync(target, { recursive: true, force: true })
await writeLayout(target, images, { name: 'docker.io/teu/hello:latest' })
process.stdout.write(`made ${path.relative(process.cwd(), target)} for ${images.length} processor(s)\n`)
