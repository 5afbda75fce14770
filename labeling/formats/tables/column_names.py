"""Usual names of columns, in the languages that most people write."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

SPREADSHEET_TEXT = "spreadsheet_text"  # heads the text in our export for spreadsheets: its cells are escaped

# The likeliest first: of several columns with such names, the first name of the list decides.
# English, then Spanish, French, Portuguese, German, Russian, Chinese, Japanese, Arabic, Urdu, Hindi, Bengali
# and Indonesian.
TEXT_NAMES = (
    "text", SPREADSHEET_TEXT, "sentence", "content", "body", "document", "message", "review", "tweet",
    "utterance", "question", "query", "comment", "description", "abstract", "summary", "title",
    "texto", "mensaje", "comentario", "contenido", "oración", "frase", "reseña", "pregunta", "descripción",
    "texte", "commentaire", "contenu", "phrase", "avis", "titre", "résumé",
    "mensagem", "comentário", "conteúdo", "avaliação", "pergunta", "descrição", "documento", "título",
    "nachricht", "kommentar", "inhalt", "satz", "frage", "beschreibung", "dokument", "titel",
    "текст", "сообщение", "комментарий", "отзыв", "предложение", "содержание", "вопрос", "описание",
    "документ", "заголовок",
    "文本", "正文", "内容", "內容", "句子", "评论", "評論", "消息", "訊息", "问题", "問題", "描述", "标题",
    "標題", "摘要",
    "テキスト", "本文", "文章", "文", "コメント", "質問", "説明", "タイトル",
    "نص", "النص", "محتوى", "المحتوى", "رسالة", "الرسالة", "تعليق", "التعليق", "جملة", "الجملة", "سؤال",
    "السؤال", "وصف", "عنوان",
    "متن", "پیغام", "تبصرہ", "مواد", "جملہ", "سوال", "تفصیل",
    "पाठ", "टेक्स्ट", "संदेश", "टिप्पणी", "सामग्री", "वाक्य", "समीक्षा", "प्रश्न", "विवरण", "शीर्षक",
    "পাঠ্য", "টেক্সট", "লেখা", "বার্তা", "মন্তব্য", "বাক্য", "প্রশ্ন", "বিবরণ", "শিরোনাম",
    "teks", "pesan", "komentar", "isi", "konten", "kalimat", "ulasan", "pertanyaan", "deskripsi", "judul",
)  # fmt: skip
ID_NAMES = (
    "id", "external_id", "document_id", "doc_id", "uuid", "guid", "key", "number", "index",
    "identificador", "número", "identifiant", "numéro", "kennung", "nummer", "schlüssel",
    "идентификатор", "номер", "ид", "编号", "編號", "序号", "序號", "标识", "標識", "番号", "識別子",
    "معرف", "المعرف", "رقم", "الرقم", "شناخت", "نمبر", "आईडी", "पहचान", "क्रमांक", "আইডি", "ক্রমিক", "nomor",
)  # fmt: skip
LABEL_NAMES = (
    "label", "class", "category", "target", "intent", "sentiment", "topic",
    "label_text", "label_name", "class_name", "gold_label", "true_label", "gold", "y", "y_true",
    "etiqueta", "clase", "categoría", "tema", "sentimiento", "intención",
    "étiquette", "classe", "catégorie", "thème", "sujet", "intention",
    "rótulo", "categoria", "assunto", "sentimento", "intenção",
    "klasse", "kategorie", "etikett", "thema", "stimmung", "absicht",
    "метка", "класс", "категория", "тема", "тональность", "намерение",
    "标签", "標籤", "类别", "類別", "分类", "分類", "主题", "主題", "情感", "意图", "意圖",
    "ラベル", "クラス", "カテゴリ", "カテゴリー", "トピック", "感情", "意図",
    "تصنيف", "التصنيف", "فئة", "الفئة", "تسمية", "التسمية", "وسم", "الوسم", "صنف", "الصنف", "موضوع",
    "الموضوع", "لیبل", "زمرہ", "درجہ", "قسم",
    "लेबल", "श्रेणी", "वर्ग", "विषय", "भावना", "লেবেল", "শ্রেণী", "শ্রেণি", "বিভাগ", "বিষয়",
    "kelas", "kategori", "topik", "sentimen",
)  # fmt: skip
LABELS_NAMES = (
    "labels", "classes", "categories", "tags", "topics", "intents",
    "etiquetas", "clases", "categorías", "étiquettes", "catégories", "rótulos", "categorias",
    "klassen", "kategorien", "schlagwörter", "метки", "классы", "категории", "теги",
    "تصنيفات", "التصنيفات", "فئات", "الفئات", "وسوم", "زمرے", "श्रेणियाँ", "लेबलों", "শ্রেণীসমূহ", "লেবেলসমূহ",
)  # fmt: skip
SPANS_NAMES = ("spans", "entities")
SPLIT_NAMES = ("split",)
_OTHER_NAMES = (  # say nothing of the document's parts, but a row that holds one names columns
    "name",
    "date",
    "time",
    "timestamp",
    "created_at",
    "source",
    "channel",
    "language",
    "lang",
    "author",
    "user",
    "url",
    "rating",
    "stars",
    "score",
    "metadata",
    "nr",
    "no",
)

_COMBINING = range(0x0300, 0x0370)  # accents of European letters; marks of other scripts are letters' parts


def name_key(name: str) -> str:
    """What two spellings of a column's name share.

    >>> name_key(" Catégorie"), name_key("External-ID")
    ('categorie', 'external_id')
    """
    decomposed = unicodedata.normalize("NFKD", name.strip().casefold())
    bare = "".join(c for c in decomposed if ord(c) not in _COMBINING and unicodedata.category(c) != "Cf")
    return bare.replace(" ", "_").replace("-", "_")


def keyed(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(name_key, names))


_KEYS = {
    "text": keyed(TEXT_NAMES),
    "id": keyed(ID_NAMES),
    "label": keyed(LABEL_NAMES),
    "labels": keyed(LABELS_NAMES),
    "spans": keyed(SPANS_NAMES),
    "split": keyed(SPLIT_NAMES),
}
_USUAL = frozenset(keyed(_OTHER_NAMES)).union(*_KEYS.values())
_ANSWERS = frozenset(_KEYS["label"] + _KEYS["labels"] + _KEYS["spans"])


def matching_name(field: str, names: Sequence[str]) -> str | None:
    """The column whose name says that it holds this field of a document, if one does.

    field : text, id, label, labels, spans or split

    >>> names = ["评论", "标签"]
    >>> matching_name("label", names), matching_name("text", names), matching_name("id", names)
    ('标签', '评论', None)
    """
    by_key = {name_key(name): name for name in reversed(names)}
    return next((by_key[key] for key in _KEYS[field] if key in by_key), None)


def is_usual(name: str) -> bool:
    """Whether columns are often called so."""
    return name_key(name) in _USUAL


def names_an_answer(name: str) -> bool:
    """Whether columns of labels are often called so.

    >>> names_an_answer("Kategorie"), names_an_answer("channel")
    (True, False)
    """
    return name_key(name) in _ANSWERS
