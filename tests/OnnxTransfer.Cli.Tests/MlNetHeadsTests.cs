namespace OnnxTransfer.Cli.Tests;

/// <summary>ML.NET's trainers on the command line, in builds with and without ML.NET.</summary>
public sealed class MlNetHeadsTests
{
    [SkippableFact]
    public void A_name_makes_a_trainer()
    {
        Skip.IfNot(MlNetHeads.IsHere, "this build has no ML.NET");
        var trainer = MlNetHeads.Make("lbfgs", l2: 0.1);
        Assert.Equal("mlnet:lbfgs", trainer.Kind);
        Assert.Contains("fasttree", MlNetHeads.Names);
        Assert.StartsWith(
            "--head mlnet:lbgfs: ML.NET has no trainer 'lbgfs' here; it has 'lbfgs', ",
            Assert.Throws<UsageException>(() => MlNetHeads.Make("lbgfs")).Message,
            StringComparison.Ordinal);
    }

    [SkippableFact]
    public void A_build_without_ml_net_says_so()
    {
        Skip.If(MlNetHeads.IsHere, "this build has ML.NET");
        Assert.Empty(MlNetHeads.Names);
        Assert.Equal(
            "--head mlnet:lbfgs: this build has no ML.NET, because the NuGet source it was built from lacks packages of ML.NET 5.0.0; "
            + "configure a source that has Microsoft.ML and the packages around it, run eng/bootstrap.sh and build again, or take another head",
            Assert.Throws<UsageException>(() => MlNetHeads.Make("lbfgs")).Message);
    }
}
