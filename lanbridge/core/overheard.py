"""Questions that others asked in vain: passive observation of failures (RFC 6762 §10.5)."""

from lanbridge.core.records import Question

# Whoever asks for names that he makes up fills this; the question heard first gives way.
MAX_QUESTIONS = 256
AGAIN_AFTER_S = 1.0  # RFC 6762 §5.2: sooner, it is the same question once more
WITHIN_S = 10.0


class Overheard:
    """When each question was heard first. Names are compared as they were spelt."""

    def __init__(self) -> None:
        self._first_s: dict[Question, float] = {}

    def __len__(self) -> int:
        return len(self._first_s)

    def hear(self, question: Question, answered_s: float, now_s: float) -> bool:
        """Whether it was asked "two or more" times, and not answered since the first.

        answered_s: when a record that answers it was heard last.
        """
        question = question._replace(unicast=False)
        first_s = self._first_s.get(question, -WITHIN_S)
        if answered_s < first_s and AGAIN_AFTER_S <= now_s - first_s < WITHIN_S:
            del self._first_s[question]
            return True
        if answered_s >= first_s or now_s - first_s >= WITHIN_S:
            self._first_s.pop(question, None)
            if len(self._first_s) >= MAX_QUESTIONS:
                del self._first_s[next(iter(self._first_s))]
            self._first_s[question] = now_s
        return False
