//go:build tools

// Package tools keeps the three commands that the testbed builds in go.mod.
// It holds no code of its own and is never compiled.
package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
