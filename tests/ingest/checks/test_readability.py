from __future__ import annotations

from math import sqrt

import pytest

from ingest.checks.finding import Level
from ingest.checks.readability import APPROXIMATELY, count_syllables, measure_readability
from tests.ingest.checks.builders import findings
from tests.ingest.checks.cases import HARD

# word -> syllables, counted manually; half of the words are clinical
COUNTED = """
the 1 safe 1 pain 1 joint 1 use 1 used 1 helped 1 months 1 weeks 1 doctor 2 patient 2 tablet 2
table 2 little 2 people 2 treatment 2 movement 2 wanted 2 boxes 2 doses 2 injected 3 injection 3
improve 2 improved 2 improvement 3 medicine 3 hospital 3 emergency 4 operation 4 recovery 4
infection 3 bleeding 2 severe 2 serious 3 various 3 chronic 2 area 3 idea 3 create 2 reaction 3
nausea 3 fluid 2 juice 1 build 1 fruit 1 guide 1 biopsy 3 diet 2 diabetes 4 anaemia 4 insulin 3
metformin 3 warfarin 3 ratio 3 radiation 4 radius 3 medium 3 social 2 special 2 facial 2 partial 2
region 2 version 2 fusion 2 tension 2 condition 3 nutrition 3 inflammation 4 inflammatory 5
prolotherapy 5 proliferative 5 regenerative 5 collagen 3 dextrose 2 tissue 2 physician 3
physiotherapy 6 cardiovascular 6 cardiac 3 cardiology 5 myocardial 5 infarction 3 hypertension 4
hypotension 4 anticoagulant 6 coagulation 5 haemorrhage 3 thrombosis 3 embolism 4 metabolism 5
organism 4 rhythm 2 asthma 2 oedema 3 oesophagus 4 diarrhoea 4 haemoglobin 4 anaesthetic 4
paediatric 4 leukaemia 4 creatinine 4 potassium 4 sodium 3 calcium 3 osteoarthritis 6
osteoporosis 6 rheumatoid 3 steroid 2 thyroid 2 opioid 3 corticosteroid 5 ileostomy 5
colonoscopy 5 gastroenterology 7 neurology 4 urology 4 dialysis 4 analysis 4 paralysis 4
pneumonia 3 pneumothorax 4 bacteria 4 bacterial 4 arterial 4 antibiotic 5 virus 2 viral 2
vaccine 2 vaccinated 4 immunity 4 immune 2 allergic 3 allergies 3 allergy 3 anaphylaxis 5
adrenaline 4 paracetamol 5 ibuprofen 4 aspirin 3 morphine 2 gentamicin 4 antibody 4 breathing 2
breathe 1 breath 1 safely 2 lately 2 careful 2 sometimes 2 something 2 someone 2 healthcare 2
lifetime 2 management 3 measurement 3 replacement 3 requirement 3 supplement 3 element 3 alcohol 3
exercise 3 exercises 4 disease 2 diseases 3 cases 2 causes 2 changes 2 bruises 2 muscle 2
muscles 2 needle 2 ankle 2 ankles 2 swollen 2 swelling 2 stiffness 2 weakness 2 usually 4
gradually 4 actual 3 continuous 4 evaluate 4 evaluation 5 individual 5 manual 3 science 2 quiet 2
client 2 efficient 3 sufficient 3 ancient 2 associated 5 appropriate 4 immediate 4 immediately 5
alleviate 4 alternative 4 previous 3 obvious 3 conscious 2 infectious 3 contagious 3 cautious 2
courageous 3 outrageous 3 being 2 seeing 2 doing 2 going 2 studying 3 cooperate 4 poem 2 does 1
goes 1 shoes 1 toes 1 knees 1 video 3 stereo 3 theory 2 real 1 really 2 theatre 3 heal 1 healing 2
heart 1 head 1 early 2 year 1 tear 1 reach 1 teach 1 agreed 2 freed 1 tired 1 required 2 hired 1
needed 2 decided 3 started 2 stopped 1 washed 1 watched 1 caused 1 reduced 2 eye 1 eyes 1 dye 1
type 1 types 1 hygiene 2 enzyme 2 gene 1 genes 1 whole 1 while 1 scale 1 rule 1 rules 1 molecule 3
ventricle 3 particle 3 clavicle 3 able 2 possible 3 possibly 3 probable 3 suitable 3 unsuitable 4
unable 3 vegetable 3 quality 3 quantity 3 equal 2 frequent 2 frequently 3 language 2 tongue 1
fatigue 2 tissues 2 virtue 2 continue 3 value 2 values 2
"""
RIGHT = 0.95  # share of the table; measured: 272 of 284


def _table() -> list[tuple[str, int]]:
    parts = COUNTED.split()
    return [(word, int(number)) for word, number in zip(parts[::2], parts[1::2], strict=True)]


def test_syllable_counts_are_accurate() -> None:
    errors = [count_syllables(word) - number for word, number in _table()]
    assert errors.count(0) >= RIGHT * len(errors)
    assert max(abs(error) for error in errors) <= 2
    assert abs(sum(errors)) <= 0.02 * len(errors)  # errors cancel out


@pytest.mark.parametrize("text", ["", "5", "x", "don’t", "anti-inflammatory"])
def test_every_word_has_at_least_one_syllable(text: str) -> None:
    assert count_syllables(text) >= 1


def test_readability_formulas() -> None:
    found = measure_readability(["The doctor saw the patient.", "Inflammation is a reaction."])
    assert found is not None
    number = 1 + 2 + 1 + 1 + 2 + 4 + 1 + 1 + 3
    assert found.flesch_kincaid == pytest.approx(0.39 * 9 / 2 + 11.8 * number / 9 - 15.59)
    assert found.smog == pytest.approx(1.0430 * sqrt(2 * 30 / 2) + 3.1291)


def test_text_without_words_has_no_grades() -> None:
    assert measure_readability([]) is None
    assert measure_readability(["12.", "–"]) is None


def test_short_text_is_not_graded() -> None:
    assert not findings("readability", ("A", "Intraarticular administration " * 49))


def test_readability_level_depends_on_audience() -> None:
    (unknown,) = findings("readability", ("A", HARD))
    assert unknown.level == Level.INFO
    assert APPROXIMATELY in unknown.message  # twelve sentences
    (patients,) = findings("readability", ("A", HARD), topics=("Patient information",))
    assert patients.level == Level.WARNING
    assert not findings("readability", ("A", HARD), topics=("For staff",))
