using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Cli;

/// <summary>A report of transfer as a page that can be kept with the code: the table, what it comes to, versions and machine.</summary>
internal static class TransferPage
{
    private const string ProcessorInfo = "/proc/cpuinfo";

    /// <exception cref="TransferException">The file cannot be written.</exception>
    public static void Write(string file, TransferReport report)
    {
        var text = new StringBuilder();
        text.Append("# What transfer bought\n\n");
        text.Append(CultureInfo.InvariantCulture, $"Made by `onnxtransfer evaluate --transfer` on {DateTime.UtcNow:yyyy-MM-dd}: onnxtransfer {Version}, ONNX Runtime {OnnxRuntimeVersion.Current}, ");
        text.Append(CultureInfo.InvariantCulture, $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores{Processor}.\n\n");
        Row(report.Columns);
        Row(Array.ConvertAll(report.Columns, column => column is "labels" or "way" or "95 %" ? "---" : "--:"));
        foreach (var row in report.Rows)
        {
            Row(row);
        }

        List(report.Verdict);
        List(report.Legend);
        List(report.Notes);
        try
        {
            File.WriteAllText(file, text.ToString());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TransferException($"{file}: cannot be written ({error.Message}); free space or allow writing there, then run again: every finished training is kept", error);
        }

        void Row(string[] cells) => text.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");

        void List(IEnumerable<string> lines) => text.Append('\n').AppendJoin("", lines.Select(line => $"- {line}\n"));
    }

    /// <summary>This program's, such as "0.1.0+COMMIT".</summary>
    public static string Version => typeof(TransferPage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    // Linux tells its name; elsewhere the architecture is all there is.
    private static string Processor => File.Exists(ProcessorInfo) && File.ReadLines(ProcessorInfo).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) is { } line
        ? $" of {line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()}"
        : $", {RuntimeInformation.ProcessArchitecture}";
}
