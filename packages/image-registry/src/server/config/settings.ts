// SPDX-License-Identifier: Apache-2.0

/** How a setting is written. @internal */
export type Kind = 'text' | 'file' | 'flag' | 'integer' | 'size' | 'duration' | 'rate' | 'list'

/** One setting of `teu-registry serve`. @internal */
export interface Setting {
  kind: Kind
  group: string
  help: string
  /** What stands for the value in help. */
  hint?: string
  /** As it would be written. Settings without one are off, or without limit, until they are given. */
  default?: string
}

const listening = 'Listening'
const content = 'Content'
const users = 'Users and rights'
const tokens = 'Tokens'
const limits = 'Limits'
const telling = 'Telling others'
const cache = 'Cache of another registry'

/**
 * Every setting, by name. A name is `--name` as a flag, `TEU_REGISTRY_NAME` in the environment and `name =` in the file;
 * a flag goes before the environment, and that before the file.
 *
 * @internal
 */
export const settings = {
  addr: { kind: 'text', group: listening, hint: 'host:port', default: '127.0.0.1:5000', help: 'where to listen' },
  'tls-cert': { kind: 'file', group: listening, help: 'certificate, PEM; with --tls-key, serves https' },
  'tls-key': { kind: 'file', group: listening, help: 'its key, PEM' },
  'tls-client-ca': {
    kind: 'file',
    group: listening,
    help: 'take only clients with a certificate signed by one of these',
  },
  'allow-http': { kind: 'flag', group: listening, help: 'serve plain http to other machines too' },
  'trusted-proxy': {
    kind: 'list',
    group: listening,
    hint: 'network',
    help: 'believe X-Forwarded- headers that come from there',
  },
  grace: { kind: 'duration', group: listening, default: '10s', help: 'how long requests may go on after SIGTERM' },
  'debug-addr': {
    kind: 'text',
    group: listening,
    hint: 'host:port',
    help: 'serve /metrics and /debug/health there, to everybody',
  },

  root: {
    kind: 'text',
    group: content,
    hint: 'dir',
    default: '/var/lib/teu/registry',
    help: 'where to keep the content',
  },
  's3-bucket': {
    kind: 'text',
    group: content,
    hint: 'name',
    help: 'keep the content in a bucket; then below --root are the index and keys',
  },
  's3-endpoint': { kind: 'text', group: content, hint: 'url', help: "the bucket's service; default: Amazon's" },
  's3-region': { kind: 'text', group: content, hint: 'name', help: 'its region; default: AWS_REGION' },
  's3-prefix': { kind: 'text', group: content, hint: 'path', help: 'what goes in front of every key' },
  'read-only': { kind: 'flag', group: content, help: 'refuse everything that writes' },
  delete: { kind: 'flag', group: content, help: 'accept deletion of tags, manifests and blobs' },
  'immutable-tags': {
    kind: 'list',
    group: content,
    hint: 'repos:tags',
    help: "tags that can be set only once, as 'team/**:v*'",
  },
  collect: { kind: 'flag', group: content, help: 'remove now and then what no manifest needs' },
  'collect-every': { kind: 'duration', group: content, help: 'how often, with --collect; default: 1d' },
  'collect-grace': { kind: 'duration', group: content, help: 'what is younger stays; default: 1d' },
  'collect-untagged': {
    kind: 'duration',
    group: content,
    help: 'remove manifests without tags too, after so long; default: never',
  },
  'upload-expiry': {
    kind: 'duration',
    group: content,
    default: '7d',
    help: 'when uploads that nobody goes on with are removed',
  },

  htpasswd: { kind: 'file', group: users, help: 'users with bcrypt passwords (htpasswd -B); read again on SIGHUP' },
  access: {
    kind: 'list',
    group: users,
    hint: 'rule',
    help: "who may do what, as 'ci=team/**:pull,push'; default: users everything",
  },
  'anonymous-pull': { kind: 'list', group: users, hint: 'repos', help: "what everybody may pull, as 'public/**'" },
  'failed-logins': {
    kind: 'rate',
    group: users,
    default: '30/1m',
    help: "how often a host may get a user's password wrong",
  },

  token: {
    kind: 'flag',
    group: tokens,
    help: 'give out tokens at /auth/token; goes without saying with --anonymous-pull',
  },
  'token-signing-key': {
    kind: 'file',
    group: tokens,
    help: 'private key, PEM, RSA or P-256; default: one below --root',
  },
  'token-lifetime': { kind: 'duration', group: tokens, default: '5m', help: 'how long a token lasts' },
  'token-keys': { kind: 'file', group: tokens, help: "another service's public keys, PEM or JWK set" },
  'token-jwks-url': { kind: 'text', group: tokens, hint: 'url', help: 'where another service publishes them' },
  'token-realm': { kind: 'text', group: tokens, hint: 'url', help: 'where clients get tokens; default: here' },
  'token-service': {
    kind: 'text',
    group: tokens,
    hint: 'name',
    default: 'teu-registry',
    help: 'who tokens have to be for',
  },
  'token-issuer': {
    kind: 'text',
    group: tokens,
    hint: 'name',
    default: 'teu-registry',
    help: 'who has to have given them out',
  },

  'rate-limit': { kind: 'rate', group: limits, help: 'requests of a user or host, as 600/1m' },
  'pull-limit': { kind: 'rate', group: limits, help: 'manifests that they pull, as 100/6h' },
  'max-manifest': { kind: 'size', group: limits, default: '4MiB', help: 'the longest manifest' },
  'max-blob': { kind: 'size', group: limits, help: 'the longest blob' },
  quota: {
    kind: 'list',
    group: limits,
    hint: 'repos=size',
    help: "how much each repository may hold, as 'team/**=10GiB'",
  },
  'max-connections': { kind: 'integer', group: limits, help: 'connections at a time' },
  'idle-timeout': {
    kind: 'duration',
    group: limits,
    default: '5m',
    help: 'when a connection without movement is closed',
  },

  warning: { kind: 'list', group: telling, hint: 'repos=text', help: 'a text that clients show' },
  webhook: { kind: 'list', group: telling, hint: 'url', help: 'where to send events' },
  'webhook-header': { kind: 'list', group: telling, hint: 'name:value', help: 'a header to send along' },
  'webhook-action': {
    kind: 'list',
    group: telling,
    hint: 'action',
    help: 'only push, pull, mount or delete; default: all',
  },
  metrics: { kind: 'flag', group: telling, help: 'serve /metrics for Prometheus' },
  page: { kind: 'flag', group: telling, default: 'true', help: 'serve a page to look at, at /' },
  'log-level': {
    kind: 'text',
    group: telling,
    hint: 'level',
    default: 'info',
    help: 'info (every request), warn, error or silent',
  },
  'log-format': { kind: 'text', group: telling, hint: 'format', help: 'json or text; default: text on a terminal' },

  proxy: { kind: 'text', group: cache, hint: 'url', help: 'serve what this registry has, keeping a copy' },
  'proxy-username': { kind: 'text', group: cache, hint: 'name', help: 'who to be there' },
  'proxy-password': { kind: 'text', group: cache, hint: 'password', help: 'better in the environment or the file' },
  'proxy-realm': {
    kind: 'list',
    group: cache,
    hint: 'origin',
    help: 'where its token service may be; default: beside it',
  },
  'proxy-ca': { kind: 'file', group: cache, help: 'certificates to trust, PEM' },
  'proxy-repository': {
    kind: 'list',
    group: cache,
    hint: 'repos',
    help: "what may be fetched, as 'library/**'; default: all",
  },
  'proxy-fresh': { kind: 'duration', group: cache, default: '0', help: 'how long a tag is believed without asking' },
} as const satisfies Record<string, Setting>

/** The name of a setting. @internal */
export type SettingName = keyof typeof settings
