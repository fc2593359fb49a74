# Tells whether the process that an earlier request left behind is alive.
read -r pid </tmp/uploads/left.pid
if read -r _ _ state _ 2>/dev/null </proc/"$pid"/stat && [ "$state" != Z ]; then echo alive; else echo gone; fi
