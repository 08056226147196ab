"""Tumor response by RECIST 1.1 (Eisenhauer et al., Eur J Cancer 2009;45:228-247).

response             the words of a response, from best to worst
lesion               a lesion, and what was read of it at one assessment
measurability        what may be a target lesion, and how many
identity             which lesions are followed, after splits and mergers too
sum_of_diameters     the size of each target lesion, and their sum
target_response      the sum against baseline and nadir
non_target_response  the lesions that are looked at, not measured
overall_response     the table of the two, with new lesions
new_lesion           whether there are new lesions, and since when
course               all assessments of one subject in order, with nadir and dates
counting             which assessments count for a best response, and as what
best_response        the best of them, with and without confirmation
"""
