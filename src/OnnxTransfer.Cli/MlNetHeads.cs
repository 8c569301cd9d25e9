using OnnxTransfer.Cli.Heads;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Cli;

/// <summary>ML.NET's trainers as heads.</summary>
internal static class MlNetHeads
{
    public const string Prefix = "mlnet:";

    public static string About => "";

    public static IReadOnlyList<HeadSetting> Settings => [];

    public static IHeadTrainer Make(string name, HeadTask task, HeadRequest request) => throw new UsageException($"--head {name}: this build has no ML.NET");
}
