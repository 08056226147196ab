"""Times to event of one subject, from what is known of it.

history                    what is known: assessments, death, other therapy, contacts
rules                      what the protocol fixes, and the censoring rules as a table
schedule                   the planned assessments, and which of them were missed
possible                   every history that dates known in part allow
result                     event, censored or undetermined, with the steps that led there
progression_free_survival  overall_survival  duration_of_response  response_rate
"""
