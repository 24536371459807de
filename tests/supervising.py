"""Workers that are started anew when they die, as a supervisor does."""

from __future__ import annotations

import threading


class Supervisor:
    """Keeps so many workers alive inside a `with` block."""

    def __init__(self, start, number):
        self._start = start
        self._workers = [start() for _ in range(number)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.deaths = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._over.set()
        self._thread.join()

    def _watch(self):
        while not self._over.wait(0.05):
            for place, worker in enumerate(self._workers):
                if worker.process.poll() is not None:
                    self.deaths += 1
                    self._workers[place] = self._start()
