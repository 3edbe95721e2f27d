{{- define "floe.name" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains "floe" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-floe" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What a part's pods are found by: {"root": $, "part": "server"} */}}
{{- define "floe.selector" -}}
app.kubernetes.io/name: floe
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "floe.labels" -}}
{{ include "floe.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* {"image": ..., "tag": what holds where none is said, "at": where its value stands} */}}
{{- define "floe.image" -}}
{{- with .image.registry }}{{ . }}/{{ end -}}
{{- .image.repository -}}
{{- if not (or .image.digest .image.tag .tag) }}{{ fail (printf "%s.tag: it or %s.digest has to say which image is meant" .at .at) }}{{ end -}}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ .image.tag | default .tag }}{{ end -}}
{{- end -}}

{{- define "floe.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "floe.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* Of every pod. No token: nothing of Floe asks the cluster for anything. */}}
{{- define "floe.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .on.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .on.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .on.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "floe.container" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
terminationMessagePolicy: FallbackToLogsOnError
{{- end -}}

{{/* Replicas of a part keep away from each other where there is room. */}}
{{- define "floe.spread" -}}
{{- $selector := include "floe.selector" . -}}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- $selector | nindent 8 }}
  {{- end }}
{{- end -}}

{{/* What only a new pod takes over: servers follow the others in their mounted file (LIVE_OPTIONS of core/config.ts). */}}
{{- define "floe.fixed" -}}
{{- omit .Values.config "policy" "latencyTargetMs" "queueSeconds" "batchDelayMs" "cacheOpen" "cacheMilestones" "cacheEnd" "cacheStopAt" "verifyEvery" "verifyBound" "logLevel" | toYaml -}}
{{- end -}}

{{/* Secrets and places that servers, workers and migrations share. */}}
{{- define "floe.env" -}}
{{- $secrets := .Values.secrets -}}
- {name: FLOE_MODELS, value: {{ .Values.models | quote }}}
- {name: FLOE_CACHE_DIR, value: /var/cache/floe}
{{- with $secrets.sql }}{{ if .name }}
- name: FLOE_SQL
  valueFrom: {secretKeyRef: {name: {{ .name }}, key: {{ .key }}}}
{{- end }}{{ end }}
{{- with $secrets.redis }}{{ if .name }}
- name: FLOE_CACHE_REDIS
  valueFrom: {secretKeyRef: {name: {{ .name }}, key: {{ .key }}}}
{{- end }}{{ end }}
{{- with $secrets.objectStore }}{{ if .name }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ .name }}, key: {{ .accessKey }}}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ .name }}, key: {{ .secretKey }}}}
{{- end }}{{ end }}
{{- if $secrets.ca.name }}
- {name: NODE_EXTRA_CA_CERTS, value: /etc/floe-ca/ca.crt}
{{- end }}
{{- end -}}

{{/* {"root": $, "writes": whether it publishes models} */}}
{{- define "floe.mounts" -}}
- {name: config, mountPath: /etc/floe, readOnly: true}
- {name: tmp, mountPath: /tmp}
- {name: cache, mountPath: /var/cache/floe}
{{- if .root.Values.modelsVolume }}
- {name: models, mountPath: /models, readOnly: {{ not .writes }}}
{{- end }}
{{- if .root.Values.secrets.ca.name }}
- {name: ca, mountPath: /etc/floe-ca, readOnly: true}
{{- end }}
{{- end -}}

{{- define "floe.volumes" -}}
- name: config
  configMap: {name: {{ include "floe.name" . }}}
- name: tmp
  emptyDir: {}
- name: cache
  {{- if eq .Values.cache.type "hostPath" }}
  hostPath: {path: {{ .Values.cache.path }}, type: DirectoryOrCreate}
  {{- else if eq .Values.cache.type "persistentVolumeClaim" }}
  persistentVolumeClaim: {claimName: {{ required "cache.claimName is needed where cache.type is persistentVolumeClaim" .Values.cache.claimName }}}
  {{- else }}
  emptyDir: {sizeLimit: {{ .Values.cache.sizeLimit }}}
  {{- end }}
{{- with .Values.modelsVolume }}
- name: models
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.secrets.ca }}{{ if .name }}
- name: ca
  secret: {secretName: {{ .name }}, items: [{key: {{ .key }}, path: ca.crt}]}
{{- end }}{{ end }}
{{- end -}}
