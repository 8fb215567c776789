// Command kstatus reads Kubernetes objects as JSON, one per line on stdin, and prints one line per object:
// the status that cli-utils computes and its message, as JSON. Lines come out in the order of the input and
// at once, so that a caller can keep the process and ask object by object. A line that cannot be judged gives an error.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

// maxLineBytes bounds one object: etcd refuses larger requests long before.
const maxLineBytes = 16 << 20

type verdict struct {
	Status  string `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
	Error   string `json:"error,omitempty"`
}

func judge(line []byte) verdict {
	object := map[string]any{}
	// Not encoding/json: kstatus wants whole numbers as int64, as clients decode them.
	if err := utiljson.Unmarshal(line, &object); err != nil {
		return verdict{Error: err.Error()}
	}
	result, err := status.Compute(&unstructured.Unstructured{Object: object})
	if err != nil {
		return verdict{Error: err.Error()}
	}
	return verdict{Status: result.Status.String(), Message: result.Message}
}

func run() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, maxLineBytes)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		if err := out.Encode(judge(lines.Bytes())); err != nil {
			return err
		}
	}
	return lines.Err()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "kstatus:", err)
		os.Exit(1)
	}
}
