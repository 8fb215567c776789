// Command vault is the upstream command, unchanged. It exists because Vault's own main package
// cannot be built outside its repository: its go.mod replaces modules by paths.
package main

import (
	"os"

	"github.com/hashicorp/vault/command"
)

func main() {
	os.Exit(command.Run(os.Args[1:]))
}
