using OnnxTransfer.Cli.Heads;
using OnnxTransfer.Heads;

namespace OnnxTransfer.Cli.Tests;

/// <summary>ML.NET's trainers on the command line, in builds with and without ML.NET.</summary>
public sealed class MlNetHeadsTests
{
    [SkippableFact]
    public void A_name_makes_a_trainer()
    {
        Skip.IfNot(MlNetHeads.IsHere, "this build has no ML.NET");
        Assert.Equal("mlnet:lbfgs", Make("mlnet:lbfgs", HeadTask.Classes).Kind);
        Assert.Contains("fasttree", MlNetHeads.Names);
        Assert.StartsWith("--head mlnet:lbgfs: ML.NET has no trainer 'lbgfs' here; it has 'lbfgs', ", Refused("mlnet:lbgfs", HeadTask.Classes), StringComparison.Ordinal);
        Assert.Contains("cannot learn", Refused("mlnet:ogd", HeadTask.Classes), StringComparison.Ordinal);
        Assert.Contains("knows no Trees", Refused("mlnet:lbfgs", HeadTask.Classes, ("trees", "5")), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_build_without_ml_net_says_so()
    {
        Skip.If(MlNetHeads.IsHere, "this build has ML.NET");
        Assert.Empty(MlNetHeads.Names);
        Assert.Equal(
            "--head mlnet:lbfgs: this build has no ML.NET, because the NuGet source it was built from lacks packages of ML.NET 5.0.0; "
            + "configure a source that has Microsoft.ML and the packages around it, run eng/bootstrap.sh and build again, or take another head",
            Refused("mlnet:lbfgs", HeadTask.Classes));
    }

    private static IHeadTrainer Make(string name, HeadTask task, params (string Name, string Value)[] settings) => MlNetHeads.Make(
        name, task, new HeadRequest(name, MlNetHeads.Settings, settings.ToDictionary(setting => setting.Name, setting => setting.Value)));

    private static string Refused(string name, HeadTask task, params (string Name, string Value)[] settings) =>
        Assert.Throws<UsageException>(() => Make(name, task, settings)).Message;
}
