//! What `systeminfo` calls things in the languages of Windows. Where a label is not known here, or its letters were
//! spoilt by a wrong code page, the reader goes by the shape of values and by their order, which is the same everywhere.

/// A line that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Host,
    OsVersion,
    Configuration,
    InstallDate,
    BootTime,
    Domain,
    Hotfixes,
}

/// Letters and digits of labels in lower case, without anything else.
const LABELS: &[(Field, &[&str])] = &[
    (
        Field::Host,
        &[
            "hostname",
            "nomdelhôte",
            "nomehost",
            "nombredehost",
            "nomedohost",
            "hostnaam",
            "nazwahosta",
            "имяузла",
            "主机名",
            "主機名稱",
            "ホスト名",
            "호스트이름",
            "anabilgisayaradı",
            "názevhostitele",
        ],
    ),
    (
        Field::OsVersion,
        &[
            "osversion",
            "betriebssystemversion",
            "versiondusystème",
            "versiondusystèmedexploitation",
            "versionesistemaoperativo",
            "versióndelsistemaoperativo",
            "versãodosistemaoperacional",
            "versãodosistemaoperativo",
            "versievanbesturingssysteem",
            "wersjasystemuoperacyjnego",
            "версияос",
            "os版本",
            "作業系統版本",
            "osバージョン",
            "osのバージョン",
            "os버전",
        ],
    ),
    (
        Field::Configuration,
        &[
            "osconfiguration",
            "betriebssystemkonfiguration",
            "configurationdusystèmedexploitation",
            "configurazionesistemaoperativo",
            "configuracióndelsistemaoperativo",
            "configuraçãodosistemaoperacional",
            "configuraçãodosistemaoperativo",
            "конфигурацияос",
            "параметрыос",
            "konfiguracjasystemuoperacyjnego",
            "os配置",
            "作業系統設定",
            "os構成",
            "os구성",
        ],
    ),
    (
        Field::InstallDate,
        &[
            "originalinstalldate",
            "ursprünglichesinstallationsdatum",
            "dateinstallationoriginale",
            "datedinstallationoriginale",
            "datadiinstallazioneoriginale",
            "datainstallazioneoriginale",
            "fechadeinstalaciónoriginal",
            "dataoriginaldainstalação",
            "датаустановки",
            "初始安装日期",
        ],
    ),
    (
        Field::BootTime,
        &[
            "systemboottime",
            "systemstartzeit",
            "heurededémarragedusystème",
            "tempodiavviosistema",
            "tiempodearranquedelsistema",
            "horadainicializaçãodosistema",
            "времязагрузкисистемы",
            "系统启动时间",
            "システム起動時間",
        ],
    ),
    (
        Field::Domain,
        &[
            "domain",
            "domäne",
            "domaine",
            "dominio",
            "domínio",
            "domein",
            "domena",
            "домен",
            "域",
            "網域",
            "ドメイン",
            "도메인",
            "doména",
            "domän",
            "domæne",
            "domene",
        ],
    ),
    (
        Field::Hotfixes,
        &[
            "hotfixs",
            "hotfixes",
            "hotfix",
            "correctifs",
            "aggiornamentirapidi",
            "revisiónes",
            "исправлениея",
            "poprawki",
            "poprawkai",
            "修补程序",
            "修正程式",
            "hotfixのインストール",
            "ホットフィックス",
            "修正プログラム",
            "핫픽스",
        ],
    ),
];

/// The field of a label.
pub(super) fn field(label: &str) -> Option<Field> {
    const LONGEST: usize = 120;
    if label.len() > LONGEST {
        return None;
    }
    let plain: String = label
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    LABELS
        .iter()
        .find_map(|(field, names)| names.iter().any(|name| *name == plain).then_some(*field))
}

/// Words for "nothing to say". Only those that are certain.
pub(super) fn is_not_applicable(value: &str) -> bool {
    ["N/A", "N/D", "Н/Д", "暂缺", "Nicht zutreffend"]
        .iter()
        .any(|known| known.to_lowercase() == value.trim().to_lowercase())
}

/// Words by which a configuration tells what a machine is; a domain controller is looked for first, since it is a
/// server too. They are parts of words, short enough to survive a wrong code page.
const CONTROLLER: &[&str] = &[
    "domain controller",
    "nencontroller",
    "leur de domaine",
    "controller di dominio",
    "controlador de dominio",
    "controlador de dom",
    "domeincontroller",
    "kontroler domeny",
    "контроллер домена",
    "域控制器",
    "網域控制站",
    "ドメイン コントローラー",
    "도메인 컨트롤러",
];
const WORKSTATION: &[&str] = &[
    "workstation",
    "arbeitsstation",
    "station de travail",
    "n de trabajo",
    "o de trabalho",
    "werkstation",
    "stacja robocza",
    "рабочая станция",
    "工作站",
    "ワークステーション",
    "워크스테이션",
];
const SERVER: &[&str] = &[
    "server",
    "serveur",
    "servidor",
    "serwer",
    "сервер",
    "服务器",
    "伺服器",
    "サーバー",
    "서버",
];

/// 1 workstation, 2 domain controller, 3 server; `None` where the words are not known, or say two things.
pub(super) fn product_type(configuration: &str) -> Option<u32> {
    let text = configuration.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match (says(CONTROLLER), says(WORKSTATION), says(SERVER)) {
        (true, false, _) => Some(2),
        (false, true, false) => Some(1),
        (false, false, true) => Some(3),
        _ => None,
    }
}
