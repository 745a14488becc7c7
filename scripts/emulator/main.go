// A Bigtable emulator for machines without the Google Cloud SDK.
//
// It wraps the in-memory server that Debian packages in golang-google-cloud-dev (package bttest) and
// takes the flags of Google's cbtemulator and prints its line, so that scripts use either in one way.
// It is as old as the packaged library: what it cannot do is found out by scripts/emulator.sh.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"cloud.google.com/go/bigtable/bttest"
	"google.golang.org/grpc"
)

// The real service answers with rows of up to 256 MiB.
const maxMessageBytes = 256 << 20

var (
	host    = flag.String("host", "localhost", "the address to bind to on the local machine")
	port    = flag.Int("port", 9000, "the port number to bind to on the local machine; 0 picks a free one")
	address = flag.String("address", "",
		"address:port number or unix socket path to listen on; has priority over host/port")
)

func main() {
	log.SetFlags(0)
	flag.Parse()

	listen := fmt.Sprintf("%s:%d", *host, *port)
	socketPath := ""
	if strings.HasPrefix(*address, "/") {
		socketPath = *address
		listen = "localhost:0"
	} else if *address != "" {
		listen = *address
	}

	server, err := bttest.NewServer(listen,
		grpc.MaxRecvMsgSize(maxMessageBytes), grpc.MaxSendMsgSize(maxMessageBytes))
	if err != nil {
		log.Fatalf("failed to start emulator: %v", err)
	}
	shownAddress := server.Addr
	if socketPath != "" {
		if err := forwardSocket(socketPath, server.Addr); err != nil {
			log.Fatalf("failed to start emulator: %v", err)
		}
		shownAddress = socketPath
	}
	fmt.Printf("Cloud Bigtable emulator running on %s\n", shownAddress)

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
}

// forwardSocket listens on a Unix socket and connects each client to the server's TCP address, since
// the packaged bttest listens on TCP only. It returns once the socket accepts connections.
func forwardSocket(path, target string) error {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				log.Fatalf("cannot accept on %s: %v", path, err)
			}
			go forward(client, target)
		}
	}()
	return nil
}

// forward copies bytes both ways between a client and the server until either side closes.
func forward(client net.Conn, target string) {
	defer client.Close()
	server, err := net.Dial("tcp", target)
	if err != nil {
		log.Printf("cannot connect to %s: %v", target, err)
		return
	}
	defer server.Close()

	done := make(chan struct{}, 2)
	copyAll := func(to, from net.Conn) {
		io.Copy(to, from)
		done <- struct{}{}
	}
	go copyAll(server, client)
	go copyAll(client, server)
	<-done
}
