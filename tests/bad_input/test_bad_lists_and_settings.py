"""CSV lists, settings files and flags that are wrong: the sentence, the status, nothing lost."""

import pytest

COLUMNS = "it should have path,label and may have split,group."

LISTS = (
    ("", "'list.csv' is empty: its first line should be path,label."),
    ("path,label\n", "'list.csv' has no rows: it should have one for each image."),
    ("file:class\na.png:cat\n", f"'list.csv' has the columns 'file:class': {COLUMNS}"),
    ("path,photo\na.png,cat\n", f"'list.csv' has the columns 'path', 'photo': {COLUMNS}"),
    (
        "path,label,split\na.png,cat,train\nb.png,dog,trian\n",
        "'list.csv', line 3, has the split 'trian': it should be train, validation or test, or "
        "empty in all lines.",
    ),
    (
        "path,label\na,1.png,cat\n",
        "'list.csv', line 2, has 3 values under 2 columns: put a value with a comma in it in "
        "double quotes.",
    ),
    (
        "path,label\na.png,\n",
        "'list.csv', line 2, has no label: each image needs a path and a label.",
    ),
    ("path,label\n,cat\n", "'list.csv', line 2, has no path: each image needs a path and a label."),
    (
        'path,label\n"a.png,cat\n',
        "'list.csv' is not CSV at line 2 (unexpected end of data): put values with commas, quotes "
        "or line ends in double quotes.",
    ),
    (
        "path,label\ngone.png,cat\nphotos/dog/000.png,dog\n",
        "'list.csv' has one class with images that can be read, 'dog': there should be at least "
        "two; add images of another.",
    ),
    (
        "path,label\ngone.png,cat\ngone too.png,dog\n",
        "None of the 2 paths of 'list.csv' is a file; the first is 'gone.png', and paths start at "
        "the folder of the list, '{here}': correct the column path, or move the list to where its "
        "paths start.",
    ),
    (
        "path,label,split\nphotos/cat/000.png,cat,train\nphotos/dog/000.png,dog,\n",
        "'{here}/photos/dog/000.png' has no split and other images do: give one to all or to none.",
    ),
)


@pytest.mark.parametrize(("text", "sentence"), LISTS)
def test_a_bad_list_is_one_sentence_and_exit_status_1(text, sentence, command, photos, tmp_path):
    (tmp_path / "list.csv").write_text(text)
    outcome = command("train", "list.csv")
    assert outcome.sentences == ["transferkit: " + sentence.replace("{here}", str(tmp_path))]
    assert (outcome.status, outcome.new) == (1, [])


def test_a_list_that_is_not_there_is_a_sentence(command):
    assert command("train", "list.csv").sentences == [
        "transferkit: There is no file 'list.csv': give a .csv with the columns path,label."
    ]


def test_a_folder_may_be_called_like_a_list(command, photos):
    photos.rename(photos.with_name("photos.csv"))
    assert command("look", "photos.csv").status == 0


FLAGS = (
    (
        ("--backbone", "mobilenet_v3"),
        "No backbone is called 'mobilenet_v3': did you mean 'mobilenet_v2'? `transferkit "
        "backbones` lists them.",
    ),
    (
        ("--image-size", "16"),
        "The backbone 'efficientnet_lite0' cannot take images of 16 pixels: pass --image-size "
        "32 or more.",
    ),
    (
        ("--backbone", "resnet50", "--weights", "embedded"),
        "The backbone 'resnet50' has no embedded weights: pass --weights imagenet, or --backbone "
        "pocket, whose weights come with the package.",
    ),
    (
        ("--weights", "mine.h5"),
        "The weights file 'mine.h5' does not exist: --weights takes imagenet, embedded, none, or "
        "the path of a file with the weights of the backbone without its top.",
    ),
    (("--augment", "foto"), "No augmentation policy is called 'foto': did you mean 'photo'?"),
    (("--preset", "bst"), "No preset is called 'bst': did you mean 'best'?"),
    (("--preset", "xyz"), "No preset is called 'xyz': there are fast, balanced, best."),
    (("--image-size", "4"), "The setting 'image_size' is 4: it should be between 8 and 4096."),
    (("--epochs", "0"), "The setting 'epochs' is 0: it should be between 1 and 100000."),
    (
        ("--train.learning-rate", "nan"),
        "The setting 'learning_rate' is nan: it should be a finite number.",
    ),
    (
        ("--data.test-split", "0"),
        "The setting 'test_split' is 0.0: it should be between 0.01 and 0.8.",
    ),
    (
        ("--data.test-split", "0.8", "--data.validation-split", "0.2"),
        "The shares validation_split=0.2 and test_split=0.8 leave less than a "
        "tenth of the images to train on: "
        "together they should be 0.9 or less.",
    ),
    (
        ("--train.unfreeze", "most"),
        "The setting 'unfreeze' is 'most': it should be auto, none, last, all, or the number of "
        "blocks from the top.",
    ),
    (
        ("--compute.devices", "cpu:0"),
        "The setting 'devices' is 'cpu:0': it should be auto, cpu, gpu, or cpu:N for N logical "
        "CPU devices.",
    ),
)


@pytest.mark.parametrize(("flags", "sentence"), FLAGS)
def test_a_bad_setting_is_one_sentence_before_any_image_is_read(flags, sentence, command, photos):
    outcome = command("train", "photos", *flags)
    assert outcome.errors == f"transferkit: {sentence}\n"
    assert (outcome.status, outcome.new) == (1, [])


def test_an_unknown_baseline_is_one_sentence(command, photos):
    outcome = command("compare", "photos", "--baselines", "majority,random_forest_hug")
    assert outcome.errors == (
        "transferkit: No baseline is called 'random_forest_hug': did you mean 'random_forest_hog'? "
        "`transferkit baselines` lists them.\n"
    )
    assert (outcome.status, outcome.new) == (1, [])


FILES = (
    (
        "epoch: 3\n",
        "'my.yaml': No setting is called 'epoch': there are data, model, train, compute, seed.",
    ),
    ("epochs: 3\n", "'my.yaml': The setting 'epochs' belongs under 'train'."),
    (
        "train:\n  epoch: 3\n",
        "'my.yaml', train: No setting is called 'epoch': did you mean 'epochs'?",
    ),
    (
        "train:\n  epochs: three\n",
        "'my.yaml', train: The setting 'epochs' is 'three': it should be a whole number.",
    ),
    (
        "data:\n  image_size: 2\n",
        "'my.yaml', data: The setting 'image_size' is 2: it should be between 8 and 4096.",
    ),
    (
        "data:\n  strict: off\n",
        "'my.yaml', data: The setting 'strict' is 'off': it should be true or false.",
    ),
    (
        "data:\n  resize: stretch\n",
        "'my.yaml', data: No choice of 'resize' is called 'stretch': there are squash, crop.",
    ),
    ("train: 3\n", "'my.yaml', train: got 3, where lines of `name: value` should be."),
    ("- train\n", "'my.yaml': got ['train'], where lines of `name: value` should be."),
    (
        "seed: 3\ntrain: [1\n",
        "The settings file 'my.yaml' is not YAML at line 3 (expected ',' or ']', but got "
        "'<stream end>'): the config.yaml of a run shows how it should look.",
    ),
    (
        "train: \0\n",
        "The settings file 'my.yaml' is not YAML at its text (unacceptable character #x0000: "
        "special characters are not allowed): the config.yaml of a run shows how it should look.",
    ),
    (
        b"\xff\xfe",
        "The settings file 'my.yaml' is not YAML at its text ('utf-8' codec can't decode byte 0xff "
        "in position 0: invalid start byte): the config.yaml of a run shows how it should look.",
    ),
)


@pytest.mark.parametrize(("text", "sentence"), FILES)
def test_a_bad_settings_file_is_one_sentence(text, sentence, command, photos, tmp_path):
    (tmp_path / "my.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    outcome = command("train", "photos", "--config", "my.yaml")
    assert outcome.errors == f"transferkit: {sentence}\n"
    assert (outcome.status, outcome.new) == (1, [])


@pytest.mark.parametrize(
    ("name", "reason"), [("gone.yaml", "No such file or directory"), ("photos", "Is a directory")]
)
def test_a_settings_file_that_cannot_be_opened_is_one_sentence(name, reason, command, photos):
    assert command("train", "photos", "--config", name).errors == (
        f"transferkit: The settings file {name!r} cannot be opened: {reason}; give the config.yaml "
        "of a run, or one like it.\n"
    )


MISUSED = (
    (
        ("trian", "photos"),
        "No command is called 'trian': did you mean 'train'? `transferkit --help` lists them.",
    ),
    (
        ("train", "photos", "--train.learning-rate", "abc"),
        "Error parsing --train.learning-rate: could not convert string to float: 'abc'; "
        "`transferkit train --help` lists the options.",
    ),
    (
        ("train", "photos", "--train.mix", "mixdown"),
        "invalid choice 'mixdown' for argument '--train.mix'. Expected one of ('auto', 'none', "
        "'mixup', 'cutmix'); `transferkit train --help` lists the options.",
    ),
    (
        ("train", "photos", "--epoch", "3"),
        "Unrecognized options: --epoch, 3; did you mean --epochs? `transferkit train --help` lists "
        "the options.",
    ),
    (
        ("train", "photos", "--config"),
        "Missing value for argument '--config'. Expected 1 values; `transferkit train --help` "
        "lists the options.",
    ),
)


@pytest.mark.parametrize(("arguments", "sentence"), MISUSED)
def test_a_misused_command_line_is_one_sentence_and_exit_status_2(
    arguments, sentence, command, photos
):
    outcome = command(*arguments)
    assert outcome.errors == f"transferkit: {sentence}\n"
    assert (outcome.status, outcome.new) == (2, [])


def test_no_command_at_all_is_the_list_of_them_and_exit_status_2(command):
    outcome = command()
    assert outcome.out.startswith("usage: transferkit COMMAND ...")
    assert outcome.status == 2
