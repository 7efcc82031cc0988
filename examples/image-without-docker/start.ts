// SPDX-License-Identifier: Apache-2.0
// npm start                      base and registry are made here, in this process
// npm start -- BASE TARGET       as in `npm start -- node:24-slim registry.example/team/web:v1`
import { createRegistry } from '@teu/image-registry/server'
import { buildImage } from './build-image.ts'
import { pushNodeBase } from './node-base.ts'

const [base, target] = process.argv.slice(2)
const app = `${import.meta.dirname}/app`
if (base !== undefined && target !== undefined) {
  console.log(`${target}@${await buildImage(app, base, target)}`)
} else {
  await using registry = await createRegistry()
  await pushNodeBase(`${registry.address}/node:24`)
  const digest = await buildImage(app, `${registry.address}/node:24`, `${registry.address}/team/web:v1`)
  console.log(`${registry.address}/team/web:v1@${digest}`)
}
