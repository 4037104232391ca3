"""Plain prose in each language that the measurement of encodings needs, and the encodings that it is kept in."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "German": (
        "Die Rücksendung ist innerhalb von vierzehn Tagen möglich. Bitte fügen Sie die Rechnung bei und "
        "wählen Sie im Kundenkonto den Grund aus. Größere Geräte holen wir ab; dafür müssen Sie einen Termin "
        "wählen. Die Gebühr beträgt fünf Euro und wird bei Mängeln natürlich zurückgezahlt. Über den Stand "
        "der Prüfung hören Sie spätestens nächste Woche von uns. Schöne Grüße aus München.",
        ("cp1252", "iso-8859-1", "mac-roman"),
    ),
    "French": (
        "Le remboursement est effectué dès réception du colis à notre entrepôt. Si l'appareil a été abîmé "
        "pendant le transport, veuillez prévenir le service après-vente dans les trois jours. Où que vous "
        "habitiez en Europe, la livraison reste gratuite à partir de vingt euros. Notre équipe vous répondra "
        "très bientôt, même pendant l'été. Merci de votre fidélité et de votre confiance.",
        ("cp1252", "iso-8859-15", "mac-roman"),
    ),
    "Spanish": (
        "¿Cuánto tarda el envío? El pedido llega en tres días hábiles a la península y en una semana a las "
        "islas. Si el artículo está dañado, llámenos por teléfono y le enviaremos otro sin ningún coste. "
        "También puede pedir la devolución del dinero, según las condiciones de nuestra tienda. Mañana "
        "publicaremos más información sobre el año próximo.",
        ("cp1252", "iso-8859-1"),
    ),
    "Portuguese": (
        "O cartão de cliente não tem anuidade e pode ser pedido em qualquer balcão. Depois da confirmação do "
        "pagamento, a encomenda é enviada no próprio dia. Se houver atraso na entrega, avisaremos por "
        "mensagem até às dez da manhã. As reclamações são tratadas com atenção e a solução chega em poucos "
        "dias.",
        ("cp1252", "iso-8859-1"),
    ),
    "Swedish": (
        "Beställningen går att ändra fram till klockan åtta på kvällen. Därefter packar vi varorna och då är "
        "det för sent att göra ändringar. Är något fel när paketet kommer fram, hör av dig så löser vi det "
        "på bästa sätt. Återbetalning sker till samma kort inom några få dagar.",
        ("cp1252", "iso-8859-1"),
    ),
    "Polish": (
        "Zwrot pieniędzy następuje w ciągu czternastu dni od otrzymania przesyłki. Jeżeli urządzenie jest "
        "uszkodzone, prosimy dołączyć zdjęcie i krótki opis usterki. Wszystkie części zamienne są dostępne w "
        "naszym sklepie, a gwarancja obejmuje również baterię. Więcej informacji można znaleźć na stronie "
        "głównej. Życzymy miłego dnia.",
        ("cp1250", "iso-8859-2"),
    ),
    "Czech": (
        "Zboží můžete vrátit do čtrnácti dnů bez udání důvodu. Přiložte prosím účtenku a napište nám číslo "
        "objednávky. Peníze vám pošleme zpět na účet nejpozději příští týden. Pokud je výrobek poškozený, "
        "zařídíme opravu nebo výměnu zdarma. Děkujeme za trpělivost a přejeme hezký den.",
        ("cp1250", "iso-8859-2"),
    ),
    "Hungarian": (
        "A csomagot két munkanapon belül kézbesítjük. Ha a készülék hibásan működik, kérjük, hívja az "
        "ügyfélszolgálatot, és mondja meg a rendelés számát. A pénzt legkésőbb egy hét múlva visszautaljuk. "
        "A jótállás az akkumulátorra is érvényes. Köszönjük a türelmét, és további szép napot kívánunk.",
        ("cp1250",),
    ),
    "Russian": (
        "Клиент может вернуть товар в течение четырнадцати дней. Приложите, пожалуйста, чек и укажите номер "
        "заказа. Деньги поступят на карту не позднее следующей недели. Если прибор повреждён, мы заменим его "
        "бесплатно. Гарантия распространяется также на батарею. Спасибо за терпение и хорошего дня.",
        ("cp1251", "koi8-r", "iso-8859-5", "cp866", "mac-cyrillic"),
    ),
    "Ukrainian": (
        "Покупець може повернути товар протягом чотирнадцяти днів. Додайте, будь ласка, чек і вкажіть номер "
        "замовлення. Гроші надійдуть на картку не пізніше наступного тижня. Якщо прилад пошкоджено, ми "
        "замінимо його безкоштовно. Дякуємо за терпіння та бажаємо гарного дня.",
        ("cp1251", "koi8-u"),
    ),
    "Bulgarian": (
        "Можете да върнете стоката в срок от четиринадесет дни. Моля, приложете касовата бележка и посочете "
        "номера на поръчката. Парите ще бъдат преведени най-късно следващата седмица. Ако уредът е повреден, "
        "ще го заменим безплатно. Благодарим ви за търпението.",
        ("cp1251",),
    ),
    "Greek": (
        "Μπορείτε να επιστρέψετε το προϊόν μέσα σε δεκατέσσερις ημέρες. Παρακαλούμε επισυνάψτε την απόδειξη "
        "και γράψτε τον αριθμό της παραγγελίας. Τα χρήματα θα επιστραφούν το αργότερο την επόμενη εβδομάδα. "
        "Αν η συσκευή έχει υποστεί ζημιά, θα την αντικαταστήσουμε δωρεάν. Ευχαριστούμε για την υπομονή σας.",
        ("cp1253", "iso-8859-7"),
    ),
    "Turkish": (
        "Ürünü on dört gün içinde iade edebilirsiniz. Lütfen faturayı ekleyin ve sipariş numarasını yazın. "
        "Para en geç gelecek hafta hesabınıza geçer. Cihaz hasarlıysa ücretsiz olarak değiştiririz. Garanti "
        "pil için de geçerlidir. Sabrınız için teşekkür ederiz, iyi günler dileriz.",
        ("cp1254", "iso-8859-9"),
    ),
    "Hebrew": (
        "ניתן להחזיר את המוצר בתוך ארבעה עשר ימים. נא לצרף את הקבלה ולציין את מספר ההזמנה. הכסף יוחזר לכל "
        "המאוחר בשבוע הבא. אם המכשיר פגום, נחליף אותו ללא תשלום. האחריות כוללת גם את הסוללה. תודה על הסבלנות "
        "ויום טוב.",
        ("cp1255",),
    ),
    "Arabic": (
        "يمكن إرجاع المنتج خلال أربعة عشر يوما. يرجى إرفاق الفاتورة وذكر رقم الطلب. يعاد المبلغ في موعد "
        "أقصاه الأسبوع القادم. إذا كان الجهاز معطوبا فسنستبدله مجانا. يشمل الضمان البطارية أيضا. شكرا لصبركم "
        "ونتمنى لكم يوما سعيدا.",
        ("cp1256",),
    ),
    "Thai": (
        "ลูกค้าสามารถคืนสินค้าได้ภายในสิบสี่วัน กรุณาแนบใบเสร็จและแจ้งหมายเลขคำสั่งซื้อ "
        "เงินจะคืนให้ไม่เกินสัปดาห์หน้า หากอุปกรณ์ชำรุด เราจะเปลี่ยนให้โดยไม่คิดค่าใช้จ่าย "
        "การรับประกันรวมถึงแบตเตอรี่ด้วย ขอบคุณที่รอ",
        ("cp874",),
    ),
    "Chinese (simplified)": (
        "客户可以在十四天内申请退款。请附上发票并注明订单号。退款最迟下周到账。如果设备损坏，我们将免费更换。"
        "保修也包括电池。更多信息请参阅我们的网站。感谢您的耐心等待，祝您愉快。如需帮助，请在工作日上午九点至"
        "下午五点致电客服中心。",
        ("gb18030", "gbk"),
    ),
    "Chinese (traditional)": (
        "客戶可以在十四天內申請退款。請附上發票並註明訂單編號。退款最遲下週到帳。如果設備損壞，我們將免費更換"
        "。保固也包括電池。更多資訊請參閱我們的網站。感謝您的耐心等待，祝您愉快。如需協助，請於上班時間致電客"
        "服中心。",
        ("big5",),
    ),
    "Japanese": (
        "商品は十四日以内であれば返品できます。領収書を同封し、注文番号をお書きください。返金は遅くとも来週ま"
        "でに行います。機器が破損している場合は、無料で交換いたします。保証はバッテリーにも適用されます。お待"
        "たせして申し訳ございません。",
        ("shift_jis", "euc-jp", "iso-2022-jp"),
    ),
    "Korean": (
        "고객은 십사 일 이내에 상품을 반품할 수 있습니다. 영수증을 첨부하고 주문 번호를 적어 주십시오. 환불은"
        " 늦어도 다음 주까지 이루어집니다. 기기가 파손된 경우 무료로 교환해 드립니다. 보증에는 배터리도 포함"
        "됩니다. 기다려 주셔서 감사합니다.",
        ("euc-kr",),
    ),
    "English": (
        "Goods can be sent back within fourteen days. Please add the invoice and say why — the “reason” box "
        "is optional. The café in the lobby is open all day; a coffee costs €3. If the device is broken, "
        "we’ll replace it for free. The warranty covers the battery as well.",
        ("cp1252", "utf-16-le", "utf-16-be", "mac-roman"),
    ),
}
"""Language -> (text, encodings)."""

LENGTHS = (10, 30, 100, 300)
"""Letters of each text that are read: a word, a title, a row, a paragraph."""
