// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { type Digest, parseDigest } from '../image/digest.ts'

/** Docker's own registry, whose name may be left out of references. @public */
export const defaultRegistry = 'docker.io'

/** The tag of a reference that names none. @public */
export const defaultTag = 'latest'

/** An image's name, with all that docker lets one leave out filled in but the tag. @public */
export interface Reference {
  /** Host, with the port when there is one: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  registry: string
  /** Path in the registry, such as `library/busybox`. */
  repository: string
  tag?: string
  digest?: Digest
}

/** Registry and repository together; more is refused. */
const maximumName = 255
/** A name, a tag and a sha512 digest, with their separators. */
const maximumReference = maximumName + 1 + 128 + 1 + 135

const component = '[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*'
const repositoryGrammar = new RegExp(`^${component}(?:/${component})*$`)
const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const registryGrammar = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]{1,5})?$`)
const tagGrammar = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

/** Whether `name` can be a repository's path: lower case, no empty part, at most 255 characters. @public */
export function isRepositoryName(name: string): boolean {
  return name.length <= maximumName && repositoryGrammar.test(name)
}

/** Whether `tag` is one: up to 128 letters, digits, `_`, `.` and `-`, the first no `.` or `-`. @public */
export function isTag(tag: string): boolean {
  return tag.length <= 128 && tagGrammar.test(tag)
}

function invalid(text: string, reason?: string): StackError {
  const quoted = JSON.stringify(text.slice(0, 300))
  return new StackError('invalid-argument', `invalid reference format${reason ? `: ${reason}` : ''}: ${quoted}`)
}

/**
 * Reads a reference as docker does: `busybox` is `docker.io/library/busybox`, `index.docker.io` is `docker.io`, a first
 * part is a registry when it has a dot or a colon, an upper-case letter, or is `localhost`. No tag is added.
 *
 * Throws `invalid-argument` for anything outside the grammar, for a name of more than 255 characters, and for a name of
 * 64 hexadecimal digits, which would read as an image id.
 *
 * @public
 */
export function parseReference(text: string): Reference {
  if (text.length > maximumReference) throw invalid(text, 'repository name must not be more than 255 characters')
  if (/^[a-f0-9]{64}$/.test(text))
    throw invalid(text, 'cannot specify 64-byte hexadecimal strings as a repository name')
  const [name, digestText] = splitOnce(text, '@')
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1)
  const tag = colon === -1 ? undefined : name.slice(colon + 1)
  const { registry, repository } = splitName(colon === -1 ? name : name.slice(0, colon))
  if (!registryGrammar.test(registry)) throw invalid(text)
  if (repository !== repository.toLowerCase()) throw invalid(text, `repository name (${repository}) must be lowercase`)
  if (!repositoryGrammar.test(repository)) throw invalid(text)
  if (tag !== undefined && !isTag(tag)) throw invalid(text)
  if (registry.length + 1 + repository.length > maximumName) {
    throw invalid(text, 'repository name must not be more than 255 characters')
  }
  const digest = digestText === undefined ? undefined : parseDigest(digestText)
  return { registry, repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) }
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function splitName(name: string): { registry: string; repository: string } {
  const [first, rest] = splitOnce(name, '/')
  const isRegistry =
    rest !== undefined && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  const registry = !isRegistry || first === 'index.docker.io' ? defaultRegistry : first
  const repository = isRegistry ? rest : name
  return {
    registry,
    repository: registry === defaultRegistry && !repository.includes('/') ? `library/${repository}` : repository,
  }
}

/** The reference with the tag `latest`, unless it has a tag or a digest. @public */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: defaultTag } : reference
}

function suffix({ tag, digest }: Reference): string {
  return `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

/** The whole reference, as in `docker.io/library/busybox:latest`. @public */
export function formatReference(reference: Reference): string {
  return `${reference.registry}/${reference.repository}${suffix(reference)}`
}

/** The name without tag and digest, with what docker leaves out left out, as in `busybox`. @public */
export function familiarName(reference: Pick<Reference, 'registry' | 'repository'>): string {
  const { registry, repository } = reference
  if (registry !== defaultRegistry) return `${registry}/${repository}`
  const official = repository.startsWith('library/') ? repository.slice('library/'.length) : undefined
  return official === undefined || official.includes('/') ? repository : official
}

/** {@link familiarName} with the tag and the digest, as in `busybox:latest`. @public */
export function familiarReference(reference: Reference): string {
  return `${familiarName(reference)}${suffix(reference)}`
}
