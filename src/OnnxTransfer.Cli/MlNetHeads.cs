using OnnxTransfer.Heads;
#if HAS_MLNET
using OnnxTransfer.MLNet;
#endif

namespace OnnxTransfer.Cli;

/// <summary>ML.NET's trainers as `--head mlnet:NAME`, in a build whose NuGet source has ML.NET.</summary>
internal static class MlNetHeads
{
    /// <summary>What stands before a trainer's name.</summary>
    public const string Prefix = "mlnet:";

#if HAS_MLNET
    /// <summary>Whether this build has them.</summary>
    public static bool IsHere => true;

    /// <summary>Their names, without the prefix.</summary>
    public static IReadOnlyList<string> Names => MlNetTrainer.Names;

    /// <summary>The trainer of a name without the prefix; settings that are null keep ML.NET's defaults.</summary>
    /// <exception cref="UsageException">There is none of that name.</exception>
    public static IHeadTrainer Make(string name, double? l2 = null, int? iterations = null, double? learningRate = null, int seed = 0, bool logTarget = false)
    {
        try
        {
            return MlNetTrainer.ByName(name) with { L2 = l2, Iterations = iterations, LearningRate = learningRate, Seed = seed, LogTarget = logTarget };
        }
        catch (FitException e)
        {
            throw new UsageException($"--head {Prefix}{name}: {e.Message}");
        }
    }
#else
    /// <summary>Whether this build has them.</summary>
    public static bool IsHere => false;

    /// <summary>Their names, without the prefix.</summary>
    public static IReadOnlyList<string> Names => [];

    /// <summary>Says what this build lacks.</summary>
    public static IHeadTrainer Make(string name, double? l2 = null, int? iterations = null, double? learningRate = null, int seed = 0, bool logTarget = false) =>
        throw new UsageException(
            $"--head {Prefix}{name}: this build has no ML.NET, because the NuGet source it was built from lacks packages of ML.NET 5.0.0; " +
            "configure a source that has Microsoft.ML and the packages around it, run eng/bootstrap.sh and build again, or take another head");
#endif
}
