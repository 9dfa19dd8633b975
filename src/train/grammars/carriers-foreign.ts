import type { Carrier } from './carrier.js';
import { lines } from './lines.js';

const SENTENCES: readonly (readonly [language: string, sentences: readonly string[]])[] = [
  ['Spanish', lines(`
    La reunión se aplazó al martes.
    El museo abre de diez a seis.
    Gracias por su pedido {number}.
    La ciudad tiene dos puentes antiguos.
    El informe de ventas está adjunto.
    Llueve desde esta mañana.`)],
  ['French', lines(`
    La réunion est reportée à mardi.
    Le musée ouvre de dix heures à six heures.
    Merci pour votre commande {number}.
    La ville possède deux vieux ponts.
    Le rapport est en pièce jointe.
    Il pleut depuis ce matin.`)],
  ['German', lines(`
    Die Sitzung wurde auf Dienstag verschoben.
    Das Museum ist von zehn bis sechs geöffnet.
    Vielen Dank für Ihre Bestellung {number}.
    Die Stadt hat zwei alte Brücken.
    Der Bericht liegt bei.
    Seit heute früh regnet es.`)],
  ['Portuguese', lines(`
    A reunião foi adiada para terça-feira.
    O museu abre das dez às seis.
    Obrigado pelo seu pedido {number}.
    O relatório segue em anexo.`)],
  ['Italian', lines(`
    La riunione è rinviata a martedì.
    Il museo apre dalle dieci alle sei.
    Grazie per il suo ordine {number}.
    Il rapporto è in allegato.`)],
  ['Russian', lines(`
    Встреча перенесена на вторник.
    Музей открыт с десяти до шести.
    Спасибо за ваш заказ {number}.
    В городе два старых моста.
    Отчёт приложен к письму.`)],
  ['Polish', lines(`
    Spotkanie przełożono na wtorek.
    Muzeum jest otwarte od dziesiątej do szóstej.
    Dziękujemy za zamówienie {number}.
    Raport jest w załączniku.`)],
  ['Turkish', lines(`
    Toplantı salıya ertelendi.
    Müze ondan altıya kadar açık.
    {number} numaralı siparişiniz için teşekkürler.
    Rapor ektedir.`)],
  ['Chinese', lines(`
    会议改到星期二。
    博物馆十点到六点开放。
    感谢您的订单{number}。
    报告见附件。
    今天早上开始下雨。`)],
  ['Japanese', lines(`
    会議は火曜日に変更されました。
    美術館は十時から六時まで開いています。
    ご注文{number}をありがとうございます。
    報告書を添付します。`)],
  ['Korean', lines(`
    회의가 화요일로 연기되었습니다.
    박물관은 열 시부터 여섯 시까지 엽니다.
    주문 {number} 감사합니다.
    보고서를 첨부합니다.`)],
  ['Arabic', lines(`
    تأجل الاجتماع إلى يوم الثلاثاء.
    يفتح المتحف من العاشرة إلى السادسة.
    شكرًا على طلبك رقم {number}.
    التقرير مرفق.`)],
  ['Hindi', lines(`
    बैठक मंगलवार को होगी।
    संग्रहालय दस से छह बजे तक खुला है।
    आपके ऑर्डर {number} के लिए धन्यवाद।
    रिपोर्ट साथ में है।`)],
];

/** Everyday texts in other languages, for sentences of the same language and of others. */
export const FOREIGN_CARRIERS: readonly Carrier[] = SENTENCES.map(([name, sentences]) => ({
  name, sentences, form: 'prose', templates: ['{body}', '{body}', '{s}\n\n{body}\n\n{first} {last}\n{email}', '<p>{s}</p><p>{note}</p><p>{s}</p>', '- {s}\n- {note}\n- {s}', '{company}: {body}', '{lb}"text": "{s} {s}"{rb}\n{note}'],
}));
