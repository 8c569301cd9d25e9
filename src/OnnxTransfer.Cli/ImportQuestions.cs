using System.CommandLine;
using OnnxTransfer.Backbones;

namespace OnnxTransfer.Cli;

/// <summary>What a network does not tell, asked for with whole commands, ready to be run.</summary>
internal static class ImportQuestions
{
    // The three conventions most networks were trained by.
    private static readonly (string Who, string Options)[] Conventions =
    [
        ("ImageNet as PyTorch, torchvision, timm and MXNet have it", "--mean 0.485,0.456,0.406 --std 0.229,0.224,0.225"),
        ("-1 to 1, as TensorFlow and Keras have it", "--mean 0.5,0.5,0.5 --std 0.5,0.5,0.5"),
        ("BGR, 0 to 255 less the mean, as Caffe has it", "--channels BGR --mean 0.407604,0.457957,0.48502 --std 0.00392157,0.00392157,0.00392157"),
    ];

    public static string Of(string path, ImportAnalysis analysis, ParseResult parsed)
    {
        var asked = string.Join(" and ", analysis.Missing.Select(setting => setting switch
        {
            "Size" => "--size (the graph takes any height and width)",
            var other => $"--{other.ToLowerInvariant()}",
        }));
        var size = analysis.Missing.Contains("Size") ? " --size 224" : "";
        var start = $"{CommandLine.Name} models import {Quoted(path)}{Given(parsed, analysis)}{size}";
        var commands = analysis.Missing.Any(setting => setting != "Size")
            ? Conventions.Select(convention => $"\n  {convention.Who}:\n    {start} {convention.Options}")
            : [$"\n    {start}"];
        return $"{path}: does not tell everything; missing: {asked}. Give what the network was trained with, such as{string.Concat(commands)}";
    }

    public static string Quoted(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "/._-=,:+".Contains(c)) ? text : $"'{text.Replace("'", "'\\''")}'";

    /// <summary>The options given already, but for those that the conventions set where they are missing.</summary>
    private static string Given(ParseResult parsed, ImportAnalysis analysis) => string.Concat(parsed.CommandResult.Children.OfType<System.CommandLine.Parsing.OptionResult>()
        .Where(option => !option.Implicit && (option.Option.Name is not ("--mean" or "--std" or "--channels") || analysis.Missing is ["Size"]))
        .Select(option => $" {option.Option.Name}{string.Concat(option.Tokens.Select(token => $" {Quoted(token.Value)}"))}"));
}
