"""What all steps of sending share: the process, settlements, throttle and counts."""
