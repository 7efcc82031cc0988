// SPDX-License-Identifier: Apache-2.0
const fields = ['dependencies', 'optionalDependencies', 'peerDependencies']

/** The packages with each after all that it needs, so that a registry never has one that cannot be installed. */
export function inOrder(packages) {
  const byName = new Map(packages.map((one) => [one.manifest.name, one]))
  const ordered = new Set()
  const visit = (one, above) => {
    if (ordered.has(one)) return
    const { name } = one.manifest
    if (above.includes(name)) throw new Error(`packages need one another: ${[...above, name].join(' > ')}`)
    for (const field of fields)
      for (const needed of Object.keys(one.manifest[field] ?? {}))
        if (byName.has(needed)) visit(byName.get(needed), [...above, name])
    ordered.add(one)
  }
  for (const one of packages) visit(one, [])
  return [...ordered]
}
