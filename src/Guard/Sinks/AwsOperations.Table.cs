// Written by eng/aws-operations.py from what botocore 1.43.11's service models state. Not to be edited.
namespace Pellicle.Guard.Sinks;

internal static partial class AwsOperations
{
    /// <summary>
    /// A service a line without a blank before it; below it its paths as a tree, a blank for each step: a segment, <c>{}</c> for any one, <c>{+}</c> for the rest of the path;
    /// then methods and the operations they mean, <c>METHOD?QUERY</c> where the query tells.
    /// </summary>
    private static ReadOnlySpan<byte> Table => """
        access-analyzer
         access-preview GET ListAccessPreviews PUT CreateAccessPreview
          {} GET GetAccessPreview POST ListAccessPreviewFindings
         analyzed-resource GET GetAnalyzedResource POST ListAnalyzedResources
         analyzer GET ListAnalyzers PUT CreateAnalyzer
          findings
           statistics POST GetFindingsStatistics
          {} DELETE DeleteAnalyzer GET GetAnalyzer PUT UpdateAnalyzer
           archive-rule GET ListArchiveRules PUT CreateArchiveRule
            {} DELETE DeleteArchiveRule GET GetArchiveRule PUT UpdateArchiveRule
         archive-rule PUT ApplyArchiveRule
         finding POST ListFindings PUT UpdateFindings
          {} GET GetFinding
         findingv2 POST ListFindingsV2
          {} GET GetFindingV2
         policy
          check-access-not-granted POST CheckAccessNotGranted
          check-no-new-access POST CheckNoNewAccess
          check-no-public-access POST CheckNoPublicAccess
          generation GET ListPolicyGenerations PUT StartPolicyGeneration
           {} GET GetGeneratedPolicy PUT CancelPolicyGeneration
          validation POST ValidatePolicy
         recommendation
          {} GET GetFindingRecommendation POST GenerateFindingRecommendation
         resource
          scan POST StartResourceScan
         service-linked-analyzer PUT CreateServiceLinkedAnalyzer
          {} DELETE DeleteServiceLinkedAnalyzer
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
        account
         acceptPrimaryEmailUpdate POST AcceptPrimaryEmailUpdate
         deleteAlternateContact POST DeleteAlternateContact
         disableRegion POST DisableRegion
         enableRegion POST EnableRegion
         getAccountInformation POST GetAccountInformation
         getAlternateContact POST GetAlternateContact
         getContactInformation POST GetContactInformation
         getGovCloudAccountInformation POST GetGovCloudAccountInformation
         getPrimaryEmail POST GetPrimaryEmail
         getRegionOptStatus POST GetRegionOptStatus
         listRegions POST ListRegions
         putAccountName POST PutAccountName
         putAlternateContact POST PutAlternateContact
         putContactInformation POST PutContactInformation
         startPrimaryEmailUpdate POST StartPrimaryEmailUpdate
        amplify
         apps GET ListApps POST CreateApp
          {} DELETE DeleteApp GET GetApp POST UpdateApp
           accesslogs POST GenerateAccessLogs
           backendenvironments GET ListBackendEnvironments POST CreateBackendEnvironment
            {} DELETE DeleteBackendEnvironment GET GetBackendEnvironment
           branches GET ListBranches POST CreateBranch
            {} DELETE DeleteBranch GET GetBranch POST UpdateBranch
             deployments POST CreateDeployment
              start POST StartDeployment
             jobs GET ListJobs POST StartJob
              {} DELETE DeleteJob GET GetJob
               artifacts GET ListArtifacts
               stop DELETE StopJob
           domains GET ListDomainAssociations POST CreateDomainAssociation
            {} DELETE DeleteDomainAssociation GET GetDomainAssociation POST UpdateDomainAssociation
           webhooks GET ListWebhooks POST CreateWebhook
         artifacts
          {} GET GetArtifactUrl
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
         webhooks
          {} DELETE DeleteWebhook GET GetWebhook POST UpdateWebhook
        appconfig
         applications GET ListApplications POST CreateApplication
          {} DELETE DeleteApplication GET GetApplication PATCH UpdateApplication
           configurationprofiles GET ListConfigurationProfiles POST CreateConfigurationProfile
            {} DELETE DeleteConfigurationProfile GET GetConfigurationProfile PATCH UpdateConfigurationProfile
             hostedconfigurationversions GET ListHostedConfigurationVersions POST CreateHostedConfigurationVersion
              {} DELETE DeleteHostedConfigurationVersion GET GetHostedConfigurationVersion
             validators POST ValidateConfiguration
           environments GET ListEnvironments POST CreateEnvironment
            {} DELETE DeleteEnvironment GET GetEnvironment PATCH UpdateEnvironment
             configurations
              {} GET GetConfiguration
             deployments GET ListDeployments POST StartDeployment
              {} DELETE StopDeployment GET GetDeployment
         configuration GET GetLatestConfiguration
         configurationsessions POST StartConfigurationSession
         deployementstrategies
          {} DELETE DeleteDeploymentStrategy
         deploymentstrategies GET ListDeploymentStrategies POST CreateDeploymentStrategy
          {} GET GetDeploymentStrategy PATCH UpdateDeploymentStrategy
         extensionassociations GET ListExtensionAssociations POST CreateExtensionAssociation
          {} DELETE DeleteExtensionAssociation GET GetExtensionAssociation PATCH UpdateExtensionAssociation
         extensions GET ListExtensions POST CreateExtension
          {} DELETE DeleteExtension GET GetExtension PATCH UpdateExtension
         settings GET GetAccountSettings PATCH UpdateAccountSettings
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
        appsync
         v1
          apis GET ListGraphqlApis POST CreateGraphqlApi
           {} DELETE DeleteGraphqlApi GET GetGraphqlApi POST UpdateGraphqlApi
            ApiCaches DELETE DeleteApiCache GET GetApiCache POST CreateApiCache
             update POST UpdateApiCache
            FlushCache DELETE FlushApiCache
            apikeys GET ListApiKeys POST CreateApiKey
             {} DELETE DeleteApiKey POST UpdateApiKey
            datasources GET ListDataSources POST CreateDataSource
             {} DELETE DeleteDataSource GET GetDataSource POST UpdateDataSource
            environmentVariables GET GetGraphqlApiEnvironmentVariables PUT PutGraphqlApiEnvironmentVariables
            functions GET ListFunctions POST CreateFunction
             {} DELETE DeleteFunction GET GetFunction POST UpdateFunction
              resolvers GET ListResolversByFunction
            schema GET GetIntrospectionSchema
            schemacreation GET GetSchemaCreationStatus POST StartSchemaCreation
            sourceApiAssociations GET ListSourceApiAssociations
            types GET ListTypes POST CreateType
             {} DELETE DeleteType GET GetType POST UpdateType
              resolvers GET ListResolvers POST CreateResolver
               {} DELETE DeleteResolver GET GetResolver POST UpdateResolver
          dataplane-evaluatecode POST EvaluateCode
          dataplane-evaluatetemplate POST EvaluateMappingTemplate
          datasources
           introspections POST StartDataSourceIntrospection
            {} GET GetDataSourceIntrospection
          domainnames GET ListDomainNames POST CreateDomainName
           {} DELETE DeleteDomainName GET GetDomainName POST UpdateDomainName
            apiassociation DELETE DisassociateApi GET GetApiAssociation POST AssociateApi
          mergedApis
           {}
            sourceApiAssociations POST AssociateSourceGraphqlApi
             {} DELETE DisassociateSourceGraphqlApi GET GetSourceApiAssociation POST UpdateSourceApiAssociation
              merge POST StartSchemaMerge
              types GET ListTypesByAssociation
          sourceApis
           {}
            mergedApiAssociations POST AssociateMergedGraphqlApi
             {} DELETE DisassociateMergedGraphqlApi
          tags
           {} DELETE UntagResource GET ListTagsForResource POST TagResource
         v2
          apis GET ListApis POST CreateApi
           {} DELETE DeleteApi GET GetApi POST UpdateApi
            channelNamespaces GET ListChannelNamespaces POST CreateChannelNamespace
             {} DELETE DeleteChannelNamespace GET GetChannelNamespace POST UpdateChannelNamespace
        backup
         account-settings GET DescribeRegionSettings PUT UpdateRegionSettings
         audit
          backup-job-summaries GET ListBackupJobSummaries
          copy-job-summaries GET ListCopyJobSummaries
          frameworks GET ListFrameworks POST CreateFramework
           {} DELETE DeleteFramework GET DescribeFramework PUT UpdateFramework
          report-jobs GET ListReportJobs
           {} GET DescribeReportJob POST StartReportJob
          report-plans GET ListReportPlans POST CreateReportPlan
           {} DELETE DeleteReportPlan GET DescribeReportPlan PUT UpdateReportPlan
          restore-job-summaries GET ListRestoreJobSummaries
          scan-job-summaries GET ListScanJobSummaries
         backup
          plans GET ListBackupPlans PUT CreateBackupPlan
           {} DELETE DeleteBackupPlan GET GetBackupPlan POST UpdateBackupPlan
            selections GET ListBackupSelections PUT CreateBackupSelection
             {} DELETE DeleteBackupSelection GET GetBackupSelection
            toTemplate GET ExportBackupPlanTemplate
            versions GET ListBackupPlanVersions
          template
           json
            toPlan POST GetBackupPlanFromJSON
           plans GET ListBackupPlanTemplates
            {}
             toPlan GET GetBackupPlanFromTemplate
         backup-jobs GET ListBackupJobs PUT StartBackupJob
          {} GET DescribeBackupJob POST StopBackupJob
         backup-vaults GET ListBackupVaults
          {} DELETE DeleteBackupVault GET DescribeBackupVault PUT CreateBackupVault
           access-policy DELETE DeleteBackupVaultAccessPolicy GET GetBackupVaultAccessPolicy PUT PutBackupVaultAccessPolicy
           mpaApprovalTeam POST?delete DisassociateBackupVaultMpaApprovalTeam PUT AssociateBackupVaultMpaApprovalTeam
           notification-configuration DELETE DeleteBackupVaultNotifications GET GetBackupVaultNotifications PUT PutBackupVaultNotifications
           recovery-points GET ListRecoveryPointsByBackupVault
            {} DELETE DeleteRecoveryPoint GET DescribeRecoveryPoint POST UpdateRecoveryPointLifecycle
             disassociate POST DisassociateRecoveryPoint
             index GET GetRecoveryPointIndexDetails POST UpdateRecoveryPointIndexSettings
             parentAssociation DELETE DisassociateRecoveryPointFromParent
             restore-metadata GET GetRecoveryPointRestoreMetadata
           resources GET ListProtectedResourcesByBackupVault
           vault-lock DELETE DeleteBackupVaultLockConfiguration PUT PutBackupVaultLockConfiguration
         copy-jobs GET ListCopyJobs PUT StartCopyJob
          {} GET DescribeCopyJob
         global-settings GET DescribeGlobalSettings PUT UpdateGlobalSettings
         indexes
          recovery-point GET ListIndexedRecoveryPoints
         legal-holds GET ListLegalHolds POST CreateLegalHold
          {} DELETE CancelLegalHold GET GetLegalHold
           recovery-points GET ListRecoveryPointsByLegalHold
         logically-air-gapped-backup-vaults
          {} PUT CreateLogicallyAirGappedBackupVault
           restore-access-backup-vaults GET ListRestoreAccessBackupVaults
            {} DELETE RevokeRestoreAccessBackupVault
         resources GET ListProtectedResources
          {} GET DescribeProtectedResource
           recovery-points GET ListRecoveryPointsByResource
           restore-jobs GET ListRestoreJobsByProtectedResource
         restore-access-backup-vaults PUT CreateRestoreAccessBackupVault
         restore-jobs GET ListRestoreJobs PUT StartRestoreJob
          {} GET DescribeRestoreJob
           metadata GET GetRestoreJobMetadata
           validations PUT PutRestoreValidationResult
         restore-testing
          inferred-metadata GET GetRestoreTestingInferredMetadata
          plans GET ListRestoreTestingPlans PUT CreateRestoreTestingPlan
           {} DELETE DeleteRestoreTestingPlan GET GetRestoreTestingPlan PUT UpdateRestoreTestingPlan
            selections GET ListRestoreTestingSelections PUT CreateRestoreTestingSelection
             {} DELETE DeleteRestoreTestingSelection GET GetRestoreTestingSelection PUT UpdateRestoreTestingSelection
         scan
          job PUT StartScanJob
          jobs GET ListScanJobs
           {} GET DescribeScanJob
         supported-resource-types GET GetSupportedResourceTypes
         tags
          {} GET ListTags POST TagResource
         tiering-configurations GET ListTieringConfigurations PUT CreateTieringConfiguration
          {} DELETE DeleteTieringConfiguration GET GetTieringConfiguration PUT UpdateTieringConfiguration
         untag
          {} POST UntagResource
        batch
         v1
          canceljob POST CancelJob
          createcomputeenvironment POST CreateComputeEnvironment
          createconsumableresource POST CreateConsumableResource
          createjobqueue POST CreateJobQueue
          createquotashare POST CreateQuotaShare
          createschedulingpolicy POST CreateSchedulingPolicy
          createserviceenvironment POST CreateServiceEnvironment
          deletecomputeenvironment POST DeleteComputeEnvironment
          deleteconsumableresource POST DeleteConsumableResource
          deletejobqueue POST DeleteJobQueue
          deletequotashare POST DeleteQuotaShare
          deleteschedulingpolicy POST DeleteSchedulingPolicy
          deleteserviceenvironment POST DeleteServiceEnvironment
          deregisterjobdefinition POST DeregisterJobDefinition
          describecomputeenvironments POST DescribeComputeEnvironments
          describeconsumableresource POST DescribeConsumableResource
          describejobdefinitions POST DescribeJobDefinitions
          describejobqueues POST DescribeJobQueues
          describejobs POST DescribeJobs
          describequotashare POST DescribeQuotaShare
          describeschedulingpolicies POST DescribeSchedulingPolicies
          describeserviceenvironments POST DescribeServiceEnvironments
          describeservicejob POST DescribeServiceJob
          getjobqueuesnapshot POST GetJobQueueSnapshot
          listconsumableresources POST ListConsumableResources
          listjobs POST ListJobs
          listjobsbyconsumableresource POST ListJobsByConsumableResource
          listquotashares POST ListQuotaShares
          listschedulingpolicies POST ListSchedulingPolicies
          listservicejobs POST ListServiceJobs
          registerjobdefinition POST RegisterJobDefinition
          submitjob POST SubmitJob
          submitservicejob POST SubmitServiceJob
          tags
           {} DELETE UntagResource GET ListTagsForResource POST TagResource
          terminatejob POST TerminateJob
          terminateservicejob POST TerminateServiceJob
          updatecomputeenvironment POST UpdateComputeEnvironment
          updateconsumableresource POST UpdateConsumableResource
          updatejobqueue POST UpdateJobQueue
          updatequotashare POST UpdateQuotaShare
          updateschedulingpolicy POST UpdateSchedulingPolicy
          updateserviceenvironment POST UpdateServiceEnvironment
          updateservicejob POST UpdateServiceJob
        bedrock
         advanced-prompt-optimization-job
          batch-delete POST BatchDeleteAdvancedPromptOptimizationJob
         advanced-prompt-optimization-jobs GET ListAdvancedPromptOptimizationJobs POST CreateAdvancedPromptOptimizationJob
          {} GET GetAdvancedPromptOptimizationJob
           stop POST StopAdvancedPromptOptimizationJob
         agents
          {} POST InvokeInlineAgent
           agentAliases
            {}
             memories DELETE DeleteAgentMemory GET GetAgentMemory
             sessions
              {}
               text POST InvokeAgent
         async-invoke GET ListAsyncInvokes POST StartAsyncInvoke
          {} GET GetAsyncInvoke
         automated-reasoning-policies GET ListAutomatedReasoningPolicies POST CreateAutomatedReasoningPolicy
          {} DELETE DeleteAutomatedReasoningPolicy GET GetAutomatedReasoningPolicy PATCH UpdateAutomatedReasoningPolicy
           build-workflows GET ListAutomatedReasoningPolicyBuildWorkflows
            {} DELETE DeleteAutomatedReasoningPolicyBuildWorkflow GET GetAutomatedReasoningPolicyBuildWorkflow
             annotations GET GetAutomatedReasoningPolicyAnnotations PATCH UpdateAutomatedReasoningPolicyAnnotations
             cancel POST CancelAutomatedReasoningPolicyBuildWorkflow
             result-assets GET GetAutomatedReasoningPolicyBuildWorkflowResultAssets
             scenarios GET GetAutomatedReasoningPolicyNextScenario
             start POST StartAutomatedReasoningPolicyBuildWorkflow
             test-cases
              {}
               test-results GET GetAutomatedReasoningPolicyTestResult
             test-results GET ListAutomatedReasoningPolicyTestResults
             test-workflows POST StartAutomatedReasoningPolicyTestWorkflow
           export GET ExportAutomatedReasoningPolicyVersion
           test-cases GET ListAutomatedReasoningPolicyTestCases POST CreateAutomatedReasoningPolicyTestCase
            {} DELETE DeleteAutomatedReasoningPolicyTestCase GET GetAutomatedReasoningPolicyTestCase PATCH UpdateAutomatedReasoningPolicyTestCase
           versions POST CreateAutomatedReasoningPolicyVersion
         create-foundation-model-agreement POST CreateFoundationModelAgreement
         custom-models GET ListCustomModels
          create-custom-model POST CreateCustomModel
          {} DELETE DeleteCustomModel GET GetCustomModel
         delete-foundation-model-agreement POST DeleteFoundationModelAgreement
         enforcedGuardrailsConfiguration GET ListEnforcedGuardrailsConfiguration PUT PutEnforcedGuardrailConfiguration
          {} DELETE DeleteEnforcedGuardrailConfiguration
         evaluation-job
          {}
           stop POST StopEvaluationJob
         evaluation-jobs GET ListEvaluationJobs POST CreateEvaluationJob
          batch-delete POST BatchDeleteEvaluationJob
          {} GET GetEvaluationJob
         flows
          {}
           aliases
            {} POST InvokeFlow
             executions POST StartFlowExecution
              {} GET GetFlowExecution
               events GET ListFlowExecutionEvents
               flowsnapshot GET GetExecutionFlowSnapshot
               stop POST StopFlowExecution
           executions GET ListFlowExecutions
         foundation-model-availability
          {} GET GetFoundationModelAvailability
         foundation-models GET ListFoundationModels
          {} GET GetFoundationModel
         generateQuery POST GenerateQuery
         guardrail
          {}
           version
            {}
             apply POST ApplyGuardrail
         guardrails GET ListGuardrails POST CreateGuardrail
          {} DELETE DeleteGuardrail GET GetGuardrail POST CreateGuardrailVersion PUT UpdateGuardrail
         imported-models GET ListImportedModels
          {} DELETE DeleteImportedModel GET GetImportedModel
         inference-profiles GET ListInferenceProfiles POST CreateInferenceProfile
          {} DELETE DeleteInferenceProfile GET GetInferenceProfile
         knowledgebases
          {}
           retrieve POST Retrieve
         list-foundation-model-agreement-offers
          {} GET ListFoundationModelAgreementOffers
         listTagsForResource POST ListTagsForResource
         logging
          modelinvocations DELETE DeleteModelInvocationLoggingConfiguration GET GetModelInvocationLoggingConfiguration PUT PutModelInvocationLoggingConfiguration
         marketplace-model
          endpoints GET ListMarketplaceModelEndpoints POST CreateMarketplaceModelEndpoint
           {} DELETE DeleteMarketplaceModelEndpoint GET GetMarketplaceModelEndpoint PATCH UpdateMarketplaceModelEndpoint
            registration DELETE DeregisterMarketplaceModelEndpoint POST RegisterMarketplaceModelEndpoint
         model
          {}
           converse POST InvokeModel
           converse-stream POST InvokeModelWithResponseStream
           count-tokens POST CountTokens
           invoke POST InvokeModel
           invoke-with-bidirectional-stream POST InvokeModelWithBidirectionalStream
           invoke-with-response-stream POST InvokeModelWithResponseStream
         model-copy-jobs GET ListModelCopyJobs POST CreateModelCopyJob
          {} GET GetModelCopyJob
         model-customization
          custom-model-deployments GET ListCustomModelDeployments POST CreateCustomModelDeployment
           {} DELETE DeleteCustomModelDeployment GET GetCustomModelDeployment PATCH UpdateCustomModelDeployment
         model-customization-jobs GET ListModelCustomizationJobs POST CreateModelCustomizationJob
          {} GET GetModelCustomizationJob
           stop POST StopModelCustomizationJob
         model-import-jobs GET ListModelImportJobs POST CreateModelImportJob
          {} GET GetModelImportJob
         model-invocation-job POST CreateModelInvocationJob
          {} GET GetModelInvocationJob
           stop POST StopModelInvocationJob
         model-invocation-jobs GET ListModelInvocationJobs
         optimize-prompt POST OptimizePrompt
         prompt-routers GET ListPromptRouters POST CreatePromptRouter
          {} DELETE DeletePromptRouter GET GetPromptRouter
         provisioned-model-throughput POST CreateProvisionedModelThroughput
          {} DELETE DeleteProvisionedModelThroughput GET GetProvisionedModelThroughput PATCH UpdateProvisionedModelThroughput
         provisioned-model-throughputs GET ListProvisionedModelThroughputs
         rerank POST Rerank
         resource-policy POST PutResourcePolicy
          {} DELETE DeleteResourcePolicy GET GetResourcePolicy
         retrieveAndGenerate POST RetrieveAndGenerate
         retrieveAndGenerateStream POST RetrieveAndGenerateStream
         sessions POST ListSessions PUT CreateSession
          {} DELETE DeleteSession GET GetSession PATCH EndSession PUT UpdateSession
           invocationSteps POST ListInvocationSteps PUT PutInvocationStep
            {} POST GetInvocationStep
           invocations POST ListInvocations PUT CreateInvocation
         tagResource POST TagResource
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
         untagResource POST UntagResource
         use-case-for-model-access GET GetUseCaseForModelAccess POST PutUseCaseForModelAccess
        cloudfront
         2020-05-31
          anycast-ip-list GET ListAnycastIpLists POST CreateAnycastIpList
           {} DELETE DeleteAnycastIpList GET GetAnycastIpList PUT UpdateAnycastIpList
          cache-policy GET ListCachePolicies POST CreateCachePolicy
           {} DELETE DeleteCachePolicy GET GetCachePolicy PUT UpdateCachePolicy
            config GET GetCachePolicyConfig
          conflicting-alias GET ListConflictingAliases
          connection-function POST CreateConnectionFunction
           {} DELETE DeleteConnectionFunction GET GetConnectionFunction PUT UpdateConnectionFunction
            describe GET DescribeConnectionFunction
            publish POST PublishConnectionFunction
            test POST TestConnectionFunction
          connection-functions POST ListConnectionFunctions
          connection-group GET GetConnectionGroupByRoutingEndpoint POST CreateConnectionGroup
           {} DELETE DeleteConnectionGroup GET GetConnectionGroup PUT UpdateConnectionGroup
          connection-groups POST ListConnectionGroups
          continuous-deployment-policy GET ListContinuousDeploymentPolicies POST CreateContinuousDeploymentPolicy
           {} DELETE DeleteContinuousDeploymentPolicy GET GetContinuousDeploymentPolicy PUT UpdateContinuousDeploymentPolicy
            config GET GetContinuousDeploymentPolicyConfig
          delete-realtime-log-config POST DeleteRealtimeLogConfig
          delete-resource-policy POST DeleteResourcePolicy
          distribution GET ListDistributions POST CreateDistribution POST?WithTags CreateDistributionWithTags
           {} DELETE DeleteDistribution GET GetDistribution
            associate-alias PUT AssociateAlias
            associate-web-acl PUT AssociateDistributionWebACL
            config GET GetDistributionConfig PUT UpdateDistribution
            copy POST CopyDistribution
            disassociate-web-acl PUT DisassociateDistributionWebACL
            invalidation GET ListInvalidations POST CreateInvalidation
             {} GET GetInvalidation
            promote-staging-config PUT UpdateDistributionWithStagingConfig
          distribution-tenant GET GetDistributionTenantByDomain POST CreateDistributionTenant
           {} DELETE DeleteDistributionTenant GET GetDistributionTenant PUT UpdateDistributionTenant
            associate-web-acl PUT AssociateDistributionTenantWebACL
            disassociate-web-acl PUT DisassociateDistributionTenantWebACL
            invalidation GET ListInvalidationsForDistributionTenant POST CreateInvalidationForDistributionTenant
             {} GET GetInvalidationForDistributionTenant
          distribution-tenants POST ListDistributionTenants
          distribution-tenants-by-customization POST ListDistributionTenantsByCustomization
          distributions
           {}
            monitoring-subscription DELETE DeleteMonitoringSubscription GET GetMonitoringSubscription POST CreateMonitoringSubscription
          distributionsByAnycastIpListId
           {} GET ListDistributionsByAnycastIpListId
          distributionsByCachePolicyId
           {} GET ListDistributionsByCachePolicyId
          distributionsByConnectionFunction GET ListDistributionsByConnectionFunction
          distributionsByConnectionMode
           {} GET ListDistributionsByConnectionMode
          distributionsByKeyGroupId
           {} GET ListDistributionsByKeyGroup
          distributionsByOriginRequestPolicyId
           {} GET ListDistributionsByOriginRequestPolicyId
          distributionsByOwnedResource
           {} GET ListDistributionsByOwnedResource
          distributionsByRealtimeLogConfig POST ListDistributionsByRealtimeLogConfig
          distributionsByResponseHeadersPolicyId
           {} GET ListDistributionsByResponseHeadersPolicyId
          distributionsByTrustStore GET ListDistributionsByTrustStore
          distributionsByVpcOriginId
           {} GET ListDistributionsByVpcOriginId
          distributionsByWebACLId
           {} GET ListDistributionsByWebACLId
          domain-association POST UpdateDomainAssociation
          domain-conflicts POST ListDomainConflicts
          field-level-encryption GET ListFieldLevelEncryptionConfigs POST CreateFieldLevelEncryptionConfig
           {} DELETE DeleteFieldLevelEncryptionConfig GET GetFieldLevelEncryption
            config GET GetFieldLevelEncryptionConfig PUT UpdateFieldLevelEncryptionConfig
          field-level-encryption-profile GET ListFieldLevelEncryptionProfiles POST CreateFieldLevelEncryptionProfile
           {} DELETE DeleteFieldLevelEncryptionProfile GET GetFieldLevelEncryptionProfile
            config GET GetFieldLevelEncryptionProfileConfig PUT UpdateFieldLevelEncryptionProfile
          function GET ListFunctions POST CreateFunction
           {} DELETE DeleteFunction GET GetFunction PUT UpdateFunction
            describe GET DescribeFunction
            publish POST PublishFunction
            test POST TestFunction
          get-realtime-log-config POST GetRealtimeLogConfig
          get-resource-policy POST GetResourcePolicy
          key-group GET ListKeyGroups POST CreateKeyGroup
           {} DELETE DeleteKeyGroup GET GetKeyGroup PUT UpdateKeyGroup
            config GET GetKeyGroupConfig
          key-value-store GET ListKeyValueStores POST CreateKeyValueStore
           {} DELETE DeleteKeyValueStore GET DescribeKeyValueStore PUT UpdateKeyValueStore
          managed-certificate
           {} GET GetManagedCertificateDetails
          origin-access-control GET ListOriginAccessControls POST CreateOriginAccessControl
           {} DELETE DeleteOriginAccessControl GET GetOriginAccessControl
            config GET GetOriginAccessControlConfig PUT UpdateOriginAccessControl
          origin-access-identity
           cloudfront GET ListCloudFrontOriginAccessIdentities POST CreateCloudFrontOriginAccessIdentity
            {} DELETE DeleteCloudFrontOriginAccessIdentity GET GetCloudFrontOriginAccessIdentity
             config GET GetCloudFrontOriginAccessIdentityConfig PUT UpdateCloudFrontOriginAccessIdentity
          origin-request-policy GET ListOriginRequestPolicies POST CreateOriginRequestPolicy
           {} DELETE DeleteOriginRequestPolicy GET GetOriginRequestPolicy PUT UpdateOriginRequestPolicy
            config GET GetOriginRequestPolicyConfig
          public-key GET ListPublicKeys POST CreatePublicKey
           {} DELETE DeletePublicKey GET GetPublicKey
            config GET GetPublicKeyConfig PUT UpdatePublicKey
          put-resource-policy POST PutResourcePolicy
          realtime-log-config GET ListRealtimeLogConfigs POST CreateRealtimeLogConfig PUT UpdateRealtimeLogConfig
          response-headers-policy GET ListResponseHeadersPolicies POST CreateResponseHeadersPolicy
           {} DELETE DeleteResponseHeadersPolicy GET GetResponseHeadersPolicy PUT UpdateResponseHeadersPolicy
            config GET GetResponseHeadersPolicyConfig
          streaming-distribution GET ListStreamingDistributions POST CreateStreamingDistribution POST?WithTags CreateStreamingDistributionWithTags
           {} DELETE DeleteStreamingDistribution GET GetStreamingDistribution
            config GET GetStreamingDistributionConfig PUT UpdateStreamingDistribution
          tagging GET ListTagsForResource POST?Operation=Tag TagResource POST?Operation=Untag UntagResource
          trust-store POST CreateTrustStore
           {} DELETE DeleteTrustStore GET GetTrustStore PUT UpdateTrustStore
          trust-stores POST ListTrustStores
          verify-dns-configuration POST VerifyDnsConfiguration
          vpc-origin GET ListVpcOrigins POST CreateVpcOrigin
           {} DELETE DeleteVpcOrigin GET GetVpcOrigin PUT UpdateVpcOrigin
        codeartifact
         v1
          authorization-token POST GetAuthorizationToken
          domain DELETE DeleteDomain GET DescribeDomain POST CreateDomain
           permissions
            policy DELETE DeleteDomainPermissionsPolicy GET GetDomainPermissionsPolicy PUT PutDomainPermissionsPolicy
           repositories POST ListRepositoriesInDomain
          domains POST ListDomains
          get-associated-package-group GET GetAssociatedPackageGroup
          list-associated-packages GET ListAssociatedPackages
          package DELETE DeletePackage GET DescribePackage POST PutPackageOriginConfiguration
           version GET DescribePackageVersion
            asset GET GetPackageVersionAsset
            assets POST ListPackageVersionAssets
            dependencies POST ListPackageVersionDependencies
            publish POST PublishPackageVersion
            readme GET GetPackageVersionReadme
           versions POST ListPackageVersions
            copy POST CopyPackageVersions
            delete POST DeletePackageVersions
            dispose POST DisposePackageVersions
            update_status POST UpdatePackageVersionsStatus
          package-group DELETE DeletePackageGroup GET DescribePackageGroup POST CreatePackageGroup PUT UpdatePackageGroup
          package-group-allowed-repositories GET ListAllowedRepositoriesForGroup
          package-group-origin-configuration PUT UpdatePackageGroupOriginConfiguration
          package-groups POST ListPackageGroups
           sub-groups POST ListSubPackageGroups
          packages POST ListPackages
          repositories POST ListRepositories
          repository DELETE DeleteRepository GET DescribeRepository POST CreateRepository PUT UpdateRepository
           endpoint GET GetRepositoryEndpoint
           external-connection DELETE DisassociateExternalConnection POST AssociateExternalConnection
           permissions
            policies DELETE DeleteRepositoryPermissionsPolicy
            policy GET GetRepositoryPermissionsPolicy PUT PutRepositoryPermissionsPolicy
          tag POST TagResource
          tags POST ListTagsForResource
          untag POST UntagResource
        eks
         access-policies GET ListAccessPolicies
         addons
          configuration-schemas GET DescribeAddonConfiguration
          supported-versions GET DescribeAddonVersions
         cluster-registrations POST RegisterCluster
          {} DELETE DeregisterCluster
         cluster-versions GET DescribeClusterVersions
         clusters GET ListClusters POST CreateCluster
          {} DELETE DeleteCluster GET DescribeCluster
           access-entries GET ListAccessEntries POST CreateAccessEntry
            {} DELETE DeleteAccessEntry GET DescribeAccessEntry POST UpdateAccessEntry
             access-policies GET ListAssociatedAccessPolicies POST AssociateAccessPolicy
              {} DELETE DisassociateAccessPolicy
           addons GET ListAddons POST CreateAddon
            {} DELETE DeleteAddon GET DescribeAddon
             update POST UpdateAddon
           capabilities GET ListCapabilities POST CreateCapability
            {} DELETE DeleteCapability GET DescribeCapability POST UpdateCapability
           encryption-config
            associate POST AssociateEncryptionConfig
           fargate-profiles GET ListFargateProfiles POST CreateFargateProfile
            {} DELETE DeleteFargateProfile GET DescribeFargateProfile
           identity-provider-configs GET ListIdentityProviderConfigs
            associate POST AssociateIdentityProviderConfig
            describe POST DescribeIdentityProviderConfig
            disassociate POST DisassociateIdentityProviderConfig
           insights POST ListInsights
            {} GET DescribeInsight
           insights-refresh GET DescribeInsightsRefresh POST StartInsightsRefresh
           node-groups GET ListNodegroups POST CreateNodegroup
            {} DELETE DeleteNodegroup GET DescribeNodegroup
             update-config POST UpdateNodegroupConfig
             update-version POST UpdateNodegroupVersion
           pod-identity-associations GET ListPodIdentityAssociations POST CreatePodIdentityAssociation
            {} DELETE DeletePodIdentityAssociation GET DescribePodIdentityAssociation POST UpdatePodIdentityAssociation
           update-config POST UpdateClusterConfig
           updates GET ListUpdates POST UpdateClusterVersion
            {} GET DescribeUpdate
         eks-anywhere-subscriptions GET ListEksAnywhereSubscriptions POST CreateEksAnywhereSubscription
          {} DELETE DeleteEksAnywhereSubscription GET DescribeEksAnywhereSubscription POST UpdateEksAnywhereSubscription
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
        elasticfilesystem
         2015-02-01
          access-points GET DescribeAccessPoints POST CreateAccessPoint
           {} DELETE DeleteAccessPoint
          account-preferences GET DescribeAccountPreferences PUT PutAccountPreferences
          create-tags
           {} POST CreateTags
          delete-tags
           {} POST DeleteTags
          file-systems GET DescribeFileSystems POST CreateFileSystem
           replication-configurations GET DescribeReplicationConfigurations
           {} DELETE DeleteFileSystem PUT UpdateFileSystem
            backup-policy GET DescribeBackupPolicy PUT PutBackupPolicy
            lifecycle-configuration GET DescribeLifecycleConfiguration PUT PutLifecycleConfiguration
            policy DELETE DeleteFileSystemPolicy GET DescribeFileSystemPolicy PUT PutFileSystemPolicy
            protection PUT UpdateFileSystemProtection
            replication-configuration DELETE DeleteReplicationConfiguration POST CreateReplicationConfiguration
          mount-targets GET DescribeMountTargets POST CreateMountTarget
           {} DELETE DeleteMountTarget
            security-groups GET DescribeMountTargetSecurityGroups PUT ModifyMountTargetSecurityGroups
          resource-tags
           {} DELETE UntagResource GET ListTagsForResource POST TagResource
          tags
           {} GET DescribeTags
        emr-containers
         jobtemplates GET ListJobTemplates POST CreateJobTemplate
          {} DELETE DeleteJobTemplate GET DescribeJobTemplate
         securityconfigurations GET ListSecurityConfigurations POST CreateSecurityConfiguration
          {} GET DescribeSecurityConfiguration
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
         virtualclusters GET ListVirtualClusters POST CreateVirtualCluster
          {} DELETE DeleteVirtualCluster GET DescribeVirtualCluster
           endpoints GET ListManagedEndpoints POST CreateManagedEndpoint
            {} DELETE DeleteManagedEndpoint GET DescribeManagedEndpoint
             credentials POST GetManagedEndpointSessionCredentials
           jobruns GET ListJobRuns POST StartJobRun
            {} DELETE CancelJobRun GET DescribeJobRun
        emr-serverless
         applications GET ListApplications POST CreateApplication
          {} DELETE DeleteApplication GET GetApplication PATCH UpdateApplication
           dashboard GET GetResourceDashboard
           jobruns GET ListJobRuns POST StartJobRun
            {} DELETE CancelJobRun GET GetJobRun
             attempts GET ListJobRunAttempts
             dashboard GET GetDashboardForJobRun
           sessions GET ListSessions POST StartSession
            {} DELETE TerminateSession GET GetSession
             endpoint GET GetSessionEndpoint
           start POST StartApplication
           stop POST StopApplication
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
        es
         2021-01-01
          domain GET ListDomainNames
           {}
            packages GET ListPackagesForDomain
          opensearch
           application POST CreateApplication
            {} DELETE DeleteApplication GET GetApplication PUT UpdateApplication
             capability
              deregister
               {} DELETE DeregisterCapability
              register POST RegisterCapability
              {} GET GetCapability
           cc
            inboundConnection
             search POST DescribeInboundConnections
             {} DELETE DeleteInboundConnection
              accept PUT AcceptInboundConnection
              reject PUT RejectInboundConnection
            outboundConnection POST CreateOutboundConnection
             search POST DescribeOutboundConnections
             {} DELETE DeleteOutboundConnection
           compatibleVersions GET GetCompatibleVersions
           defaultApplicationSetting GET GetDefaultApplicationSetting PUT PutDefaultApplicationSetting
           directQueryDataSource GET ListDirectQueryDataSources POST AddDirectQueryDataSource
            {} DELETE DeleteDirectQueryDataSource GET GetDirectQueryDataSource PUT UpdateDirectQueryDataSource
           domain POST CreateDomain
            {} DELETE DeleteDomain GET DescribeDomain
             authorizeVpcEndpointAccess POST AuthorizeVpcEndpointAccess
             autoTunes GET DescribeDomainAutoTunes
             config GET DescribeDomainConfig POST UpdateDomainConfig
              cancel POST CancelDomainConfigChange
             dataSource GET ListDataSources POST AddDataSource
              {} DELETE DeleteDataSource GET GetDataSource PUT UpdateDataSource
             domainMaintenance GET GetDomainMaintenanceStatus POST StartDomainMaintenance
             domainMaintenances GET ListDomainMaintenances
             dryRun GET DescribeDryRunProgress
             health GET DescribeDomainHealth
             index POST CreateIndex
              {} DELETE DeleteIndex GET GetIndex PUT UpdateIndex
             listVpcEndpointAccess GET ListVpcEndpointAccess
             nodes GET DescribeDomainNodes
             progress GET DescribeDomainChangeProgress
             revokeVpcEndpointAccess POST RevokeVpcEndpointAccess
             scheduledAction
              update PUT UpdateScheduledAction
             scheduledActions GET ListScheduledActions
             vpcEndpoints GET ListVpcEndpointsForDomain
           domain-info POST DescribeDomains
           insight-details POST DescribeInsightDetails
           insights POST ListInsights
           instanceTypeDetails
            {} GET ListInstanceTypeDetails
           instanceTypeLimits
            {}
             {} GET DescribeInstanceTypeLimits
           list-applications GET ListApplications
           purchaseReservedInstanceOffering POST PurchaseReservedInstanceOffering
           reservedInstanceOfferings GET DescribeReservedInstanceOfferings
           reservedInstances GET DescribeReservedInstances
           serviceSoftwareUpdate
            cancel POST CancelServiceSoftwareUpdate
            rollback POST RollbackServiceSoftwareUpdate
            start POST StartServiceSoftwareUpdate
           upgradeDomain POST UpgradeDomain
            {}
             history GET GetUpgradeHistory
             status GET GetUpgradeStatus
           versions GET ListVersions
           vpcEndpoints GET ListVpcEndpoints POST CreateVpcEndpoint
            describe POST DescribeVpcEndpoints
            update POST UpdateVpcEndpoint
            {} DELETE DeleteVpcEndpoint
          packages POST CreatePackage
           associate
            {}
             {} POST AssociatePackage
           associateMultiple POST AssociatePackages
           describe POST DescribePackages
           dissociate
            {}
             {} POST DissociatePackage
           dissociateMultiple POST DissociatePackages
           update POST UpdatePackage
           updateScope POST UpdatePackageScope
           {} DELETE DeletePackage
            domains GET ListDomainsForPackage
            history GET GetPackageVersionHistory
          tags GET ListTags POST AddTags
          tags-removal POST RemoveTags
        execute-api
         @connections
          {} DELETE ManageConnections GET ManageConnections POST ManageConnections
        geo
         geofencing
          v0
           collections POST CreateGeofenceCollection
            {} DELETE DeleteGeofenceCollection GET DescribeGeofenceCollection PATCH UpdateGeofenceCollection
             delete-geofences POST BatchDeleteGeofence
             forecast-geofence-events POST ForecastGeofenceEvents
             geofences
              {} GET GetGeofence PUT PutGeofence
             list-geofences POST ListGeofences
             positions POST BatchEvaluateGeofences
             put-geofences POST BatchPutGeofence
           list-collections POST ListGeofenceCollections
         maps
          v0
           list-maps POST ListMaps
           maps POST CreateMap
            {} DELETE DeleteMap GET DescribeMap PATCH UpdateMap
             glyphs
              {}
               {} GET GetMapGlyphs
             sprites
              {} GET GetMapSprites
             style-descriptor GET GetMapStyleDescriptor
             tiles
              {}
               {}
                {} GET GetMapTile
         metadata
          v0
           jobs POST StartJob
            cancel-job POST CancelJob
            list-jobs POST ListJobs
            {} GET GetJob
           keys POST CreateKey
            {} DELETE DeleteKey GET DescribeKey PATCH UpdateKey
           list-keys POST ListKeys
         places
          v0
           indexes POST CreatePlaceIndex
            {} DELETE DeletePlaceIndex GET DescribePlaceIndex PATCH UpdatePlaceIndex
             places
              {} GET GetPlace
             search
              position POST SearchPlaceIndexForPosition
              suggestions POST SearchPlaceIndexForSuggestions
              text POST SearchPlaceIndexForText
           list-indexes POST ListPlaceIndexes
         routes
          v0
           calculators POST CreateRouteCalculator
            {} DELETE DeleteRouteCalculator GET DescribeRouteCalculator PATCH UpdateRouteCalculator
             calculate
              route POST CalculateRoute
              route-matrix POST CalculateRouteMatrix
           list-calculators POST ListRouteCalculators
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
         tracking
          v0
           list-trackers POST ListTrackers
           trackers POST CreateTracker
            {} DELETE DeleteTracker GET DescribeTracker PATCH UpdateTracker
             consumers POST AssociateTrackerConsumer
              {} DELETE DisassociateTrackerConsumer
             delete-positions POST BatchDeleteDevicePositionHistory
             devices
              {}
               list-positions POST GetDevicePositionHistory
               positions
                latest GET GetDevicePosition
             get-positions POST BatchGetDevicePosition
             list-consumers POST ListTrackerConsumers
             list-positions POST ListDevicePositions
             positions POST BatchUpdateDevicePosition
              verify POST VerifyDevicePosition
        guardduty
         admin GET ListOrganizationAdminAccounts
          disable POST DisableOrganizationAdminAccount
          enable POST EnableOrganizationAdminAccount
         detector GET ListDetectors POST CreateDetector
          {} DELETE DeleteDetector GET GetDetector POST UpdateDetector
           admin GET DescribeOrganizationConfiguration POST UpdateOrganizationConfiguration
           administrator GET GetAdministratorAccount POST AcceptAdministratorInvitation
            disassociate POST DisassociateFromAdministratorAccount
           coverage POST ListCoverage
            statistics POST GetCoverageStatistics
           filter GET ListFilters POST CreateFilter
            {} DELETE DeleteFilter GET GetFilter POST UpdateFilter
           findings POST ListFindings
            archive POST ArchiveFindings
            create POST CreateSampleFindings
            feedback POST UpdateFindingsFeedback
            get POST GetFindings
            statistics POST GetFindingsStatistics
            unarchive POST UnarchiveFindings
           freeTrial
            daysRemaining POST GetRemainingFreeTrialDays
           ipset GET ListIPSets POST CreateIPSet
            {} DELETE DeleteIPSet GET GetIPSet POST UpdateIPSet
           malware-scan-settings GET GetMalwareScanSettings POST UpdateMalwareScanSettings
           malware-scans POST DescribeMalwareScans
           master GET GetMasterAccount POST AcceptInvitation
            disassociate POST DisassociateFromMasterAccount
           member GET ListMembers POST CreateMembers
            delete POST DeleteMembers
            detector
             get POST GetMemberDetectors
             update POST UpdateMemberDetectors
            disassociate POST DisassociateMembers
            get POST GetMembers
            invite POST InviteMembers
            start POST StartMonitoringMembers
            stop POST StopMonitoringMembers
           publishingDestination GET ListPublishingDestinations POST CreatePublishingDestination
            {} DELETE DeletePublishingDestination GET DescribePublishingDestination POST UpdatePublishingDestination
           threatentityset GET ListThreatEntitySets POST CreateThreatEntitySet
            {} DELETE DeleteThreatEntitySet GET GetThreatEntitySet POST UpdateThreatEntitySet
           threatintelset GET ListThreatIntelSets POST CreateThreatIntelSet
            {} DELETE DeleteThreatIntelSet GET GetThreatIntelSet POST UpdateThreatIntelSet
           trustedentityset GET ListTrustedEntitySets POST CreateTrustedEntitySet
            {} DELETE DeleteTrustedEntitySet GET GetTrustedEntitySet POST UpdateTrustedEntitySet
           usage
            statistics POST GetUsageStatistics
         invitation GET ListInvitations
          count GET GetInvitationsCount
          decline POST DeclineInvitations
          delete POST DeleteInvitations
         malware-protection-plan GET ListMalwareProtectionPlans POST CreateMalwareProtectionPlan
          {} DELETE DeleteMalwareProtectionPlan GET GetMalwareProtectionPlan PATCH UpdateMalwareProtectionPlan
         malware-scan POST ListMalwareScans
          start POST StartMalwareScan
          {} GET GetMalwareScan
         object-malware-scan
          send POST SendObjectMalwareScan
         organization
          statistics GET GetOrganizationStatistics
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
        iot
         accept-certificate-transfer
          {} PATCH AcceptCertificateTransfer
         active-violations GET ListActiveViolations
         api
          things
           shadow
            ListNamedShadowsForThing
             {} GET ListNamedShadowsForThing
         attached-policies
          {} POST ListAttachedPolicies
         audit
          configuration DELETE DeleteAccountAuditConfiguration GET DescribeAccountAuditConfiguration PATCH UpdateAccountAuditConfiguration
          findings POST ListAuditFindings
           {} GET DescribeAuditFinding
          mitigationactions
           executions GET ListAuditMitigationActionsExecutions
           tasks GET ListAuditMitigationActionsTasks
            {} GET DescribeAuditMitigationActionsTask POST StartAuditMitigationActionsTask
             cancel PUT CancelAuditMitigationActionsTask
          relatedResources GET ListRelatedResourcesForAuditFinding
          scheduledaudits GET ListScheduledAudits
           {} DELETE DeleteScheduledAudit GET DescribeScheduledAudit PATCH UpdateScheduledAudit POST CreateScheduledAudit
          suppressions
           create POST CreateAuditSuppression
           delete POST DeleteAuditSuppression
           describe POST DescribeAuditSuppression
           list POST ListAuditSuppressions
           update PATCH UpdateAuditSuppression
          tasks GET ListAuditTasks POST StartOnDemandAuditTask
           {} GET DescribeAuditTask
            cancel PUT CancelAuditTask
         authorizer
          {} DELETE DeleteAuthorizer GET DescribeAuthorizer POST CreateAuthorizer PUT UpdateAuthorizer
           test POST TestInvokeAuthorizer
         authorizers GET ListAuthorizers
         behavior-model-training
          summaries GET GetBehaviorModelTrainingSummaries
         billing-groups GET ListBillingGroups
          addThingToBillingGroup PUT AddThingToBillingGroup
          removeThingFromBillingGroup PUT RemoveThingFromBillingGroup
          {} DELETE DeleteBillingGroup GET DescribeBillingGroup PATCH UpdateBillingGroup POST CreateBillingGroup
           things GET ListThingsInBillingGroup
         cacertificate POST RegisterCACertificate
          {} DELETE DeleteCACertificate GET DescribeCACertificate PUT UpdateCACertificate
         cacertificates GET ListCACertificates
         cancel-certificate-transfer
          {} PATCH CancelCertificateTransfer
         certificate
          register POST RegisterCertificate
          register-no-ca POST RegisterCertificateWithoutCA
         certificate-providers GET ListCertificateProviders
          {} DELETE DeleteCertificateProvider GET DescribeCertificateProvider POST CreateCertificateProvider PUT UpdateCertificateProvider
         certificates GET ListCertificates POST CreateCertificateFromCsr
          {} DELETE DeleteCertificate GET DescribeCertificate PUT UpdateCertificate
         certificates-by-ca
          {} GET ListCertificatesByCA
         certificates-out-going GET ListOutgoingCertificates
         command-executions POST ListCommandExecutions
          {} DELETE DeleteCommandExecution GET GetCommandExecution
         commands GET ListCommands
          {} DELETE DeleteCommand GET GetCommand PATCH UpdateCommand PUT CreateCommand
         confirmdestination
          {+} GET ConfirmTopicRuleDestination
         connections
          {} DELETE DeleteConnection
         custom-metric
          {} DELETE DeleteCustomMetric GET DescribeCustomMetric PATCH UpdateCustomMetric POST CreateCustomMetric
         custom-metrics GET ListCustomMetrics
         default-authorizer DELETE ClearDefaultAuthorizer GET DescribeDefaultAuthorizer POST SetDefaultAuthorizer
         destinations GET ListTopicRuleDestinations PATCH UpdateTopicRuleDestination POST CreateTopicRuleDestination
          {+} DELETE DeleteTopicRuleDestination GET GetTopicRuleDestination
         detect
          mitigationactions
           executions GET ListDetectMitigationActionsExecutions
           tasks GET ListDetectMitigationActionsTasks
            {} GET DescribeDetectMitigationActionsTask PUT StartDetectMitigationActionsTask
             cancel PUT CancelDetectMitigationActionsTask
         dimensions GET ListDimensions
          {} DELETE DeleteDimension GET DescribeDimension PATCH UpdateDimension POST CreateDimension
         domainConfigurations GET ListDomainConfigurations
          {} DELETE DeleteDomainConfiguration GET DescribeDomainConfiguration POST CreateDomainConfiguration PUT UpdateDomainConfiguration
         dynamic-thing-groups
          {} DELETE DeleteDynamicThingGroup PATCH UpdateDynamicThingGroup POST CreateDynamicThingGroup
         effective-policies POST GetEffectivePolicies
         encryption-configuration GET DescribeEncryptionConfiguration PATCH UpdateEncryptionConfiguration
         endpoint GET DescribeEndpoint
         event-configurations GET DescribeEventConfigurations PATCH UpdateEventConfigurations
         fleet-metric
          {} DELETE DeleteFleetMetric GET DescribeFleetMetric PATCH UpdateFleetMetric PUT CreateFleetMetric
         fleet-metrics GET ListFleetMetrics
         indexing
          config GET GetIndexingConfiguration POST UpdateIndexingConfiguration
         indices GET ListIndices
          buckets POST GetBucketsAggregation
          cardinality POST GetCardinality
          percentiles POST GetPercentiles
          search POST SearchIndex
          statistics POST GetStatistics
          {} GET DescribeIndex
         job-templates GET ListJobTemplates
          {} DELETE DeleteJobTemplate GET DescribeJobTemplate PUT CreateJobTemplate
         jobs GET ListJobs
          {} DELETE DeleteJob GET DescribeJob PATCH UpdateJob PUT CreateJob
           cancel PUT CancelJob
           job-document GET GetJobDocument
           targets POST AssociateTargetsWithJob
           things GET ListJobExecutionsForJob
         keys-and-certificate POST CreateKeysAndCertificate
         loggingOptions GET GetLoggingOptions POST SetLoggingOptions
         managed-job-templates GET ListManagedJobTemplates
          {} GET DescribeManagedJobTemplate
         metric-values GET ListMetricValues
         mitigationactions
          actions GET ListMitigationActions
           {} DELETE DeleteMitigationAction GET DescribeMitigationAction PATCH UpdateMitigationAction POST CreateMitigationAction
         otaUpdates GET ListOTAUpdates
          {} DELETE DeleteOTAUpdate GET GetOTAUpdate POST CreateOTAUpdate
         package-configuration GET GetPackageConfiguration PATCH UpdatePackageConfiguration
         packages GET ListPackages
          {} DELETE DeletePackage GET GetPackage PATCH UpdatePackage PUT CreatePackage
           versions GET ListPackageVersions
            {} DELETE DeletePackageVersion GET GetPackageVersion PATCH UpdatePackageVersion PUT CreatePackageVersion
             sbom DELETE DisassociateSbomFromPackageVersion PUT AssociateSbomWithPackageVersion
             sbom-validation-results GET ListSbomValidationResults
         policies GET ListPolicies
          {} DELETE DeletePolicy GET GetPolicy POST CreatePolicy
           version GET ListPolicyVersions POST CreatePolicyVersion
            {} DELETE DeletePolicyVersion GET GetPolicyVersion PATCH SetDefaultPolicyVersion
         policy-principals GET ListPolicyPrincipals
         policy-targets
          {} POST ListTargetsForPolicy
         principal-policies GET ListPrincipalPolicies
          {} DELETE DetachPrincipalPolicy PUT AttachPrincipalPolicy
         principals
          things GET ListPrincipalThings
          things-v2 GET ListPrincipalThingsV2
         provisioning-templates GET ListProvisioningTemplates POST CreateProvisioningTemplate
          {} DELETE DeleteProvisioningTemplate GET DescribeProvisioningTemplate PATCH UpdateProvisioningTemplate
           provisioning-claim POST CreateProvisioningClaim
           versions GET ListProvisioningTemplateVersions POST CreateProvisioningTemplateVersion
            {} DELETE DeleteProvisioningTemplateVersion GET DescribeProvisioningTemplateVersion
         registrationcode DELETE DeleteRegistrationCode GET GetRegistrationCode
         reject-certificate-transfer
          {} PATCH RejectCertificateTransfer
         retainedMessage GET ListRetainedMessages
          {} GET GetRetainedMessage
         role-aliases GET ListRoleAliases
          {} DELETE DeleteRoleAlias GET DescribeRoleAlias POST CreateRoleAlias PUT UpdateRoleAlias
         rules GET ListTopicRules
          {} DELETE DeleteTopicRule GET GetTopicRule PATCH ReplaceTopicRule POST CreateTopicRule
           disable POST DisableTopicRule
           enable POST EnableTopicRule
         security-profile-behaviors
          validate POST ValidateSecurityProfileBehaviors
         security-profiles GET ListSecurityProfiles
          {} DELETE DeleteSecurityProfile GET DescribeSecurityProfile PATCH UpdateSecurityProfile POST CreateSecurityProfile
           targets DELETE DetachSecurityProfile GET ListTargetsForSecurityProfile PUT AttachSecurityProfile
         security-profiles-for-target GET ListSecurityProfilesForTarget
         streams GET ListStreams
          {} DELETE DeleteStream GET DescribeStream POST CreateStream PUT UpdateStream
         tags GET ListTagsForResource POST TagResource
         target-policies
          {} POST DetachPolicy PUT AttachPolicy
         test-authorization POST TestAuthorization
         thing-groups GET ListThingGroups
          addThingToThingGroup PUT AddThingToThingGroup
          removeThingFromThingGroup PUT RemoveThingFromThingGroup
          updateThingGroupsForThing PUT UpdateThingGroupsForThing
          {} DELETE DeleteThingGroup GET DescribeThingGroup PATCH UpdateThingGroup POST CreateThingGroup
           things GET ListThingsInThingGroup
         thing-registration-tasks GET ListThingRegistrationTasks POST StartThingRegistrationTask
          {} GET DescribeThingRegistrationTask
           cancel PUT StopThingRegistrationTask
           reports GET ListThingRegistrationTaskReports
         thing-types GET ListThingTypes
          {} DELETE DeleteThingType GET DescribeThingType PATCH UpdateThingType POST CreateThingType
           deprecate POST DeprecateThingType
         things GET ListThings POST RegisterThing
          {} DELETE DeleteThing GET DescribeThing PATCH UpdateThing POST CreateThing
           connectivity-data POST GetThingConnectivityData
           jobs GET ListJobExecutionsForThing
            {} GET DescribeJobExecution
             cancel PUT CancelJobExecution
             executionNumber
              {} DELETE DeleteJobExecution
           principals DELETE DetachThingPrincipal GET ListThingPrincipals PUT AttachThingPrincipal
           principals-v2 GET ListThingPrincipalsV2
           shadow DELETE DeleteThingShadow GET GetThingShadow POST UpdateThingShadow
           thing-groups GET ListThingGroupsForThing
         topics
          {} POST Publish
         transfer-certificate
          {} PATCH TransferCertificate
         untag POST UntagResource
         v2LoggingLevel DELETE DeleteV2LoggingLevel GET ListV2LoggingLevels POST SetV2LoggingLevel
         v2LoggingOptions GET GetV2LoggingOptions POST SetV2LoggingOptions
         violation-events GET ListViolationEvents
         violations
          verification-state
           {} POST PutVerificationStateOnViolation
        kafka
         api
          v2
           clusters GET ListClustersV2 POST CreateClusterV2
            {} GET DescribeClusterV2
             operations GET ListClusterOperationsV2
           operations
            {} GET DescribeClusterOperationV2
         replication
          v1
           replicators GET ListReplicators POST CreateReplicator
            {} DELETE DeleteReplicator GET DescribeReplicator
             replication-info PUT UpdateReplicationInfo
         v1
          clusters GET ListClusters POST CreateCluster
           {} DELETE DeleteCluster GET DescribeCluster
            bootstrap-brokers GET GetBootstrapBrokers
            client-vpc-connection PUT RejectClientVpcConnection
            client-vpc-connections GET ListClientVpcConnections
            configuration PUT UpdateClusterConfiguration
            connectivity PUT UpdateConnectivity
            monitoring PUT UpdateMonitoring
            nodes GET ListNodes
             count PUT UpdateBrokerCount
             storage PUT UpdateBrokerStorage
             type PUT UpdateBrokerType
            operations GET ListClusterOperations
            policy DELETE DeleteClusterPolicy GET GetClusterPolicy PUT PutClusterPolicy
            rebalancing PUT UpdateRebalancing
            reboot-broker PUT RebootBroker
            scram-secrets GET ListScramSecrets PATCH BatchDisassociateScramSecret POST BatchAssociateScramSecret
            security PATCH UpdateSecurity
            storage PUT UpdateStorage
            topics GET ListTopics POST CreateTopic
             {} DELETE DeleteTopic GET DescribeTopic PUT UpdateTopic
              partitions GET DescribeTopicPartitions
            version PUT UpdateClusterKafkaVersion
          compatible-kafka-versions GET GetCompatibleKafkaVersions
          configurations GET ListConfigurations POST CreateConfiguration
           {} DELETE DeleteConfiguration GET DescribeConfiguration PUT UpdateConfiguration
            revisions GET ListConfigurationRevisions
             {} GET DescribeConfigurationRevision
          kafka-versions GET ListKafkaVersions
          operations
           {} GET DescribeClusterOperation
          tags
           {} DELETE UntagResource GET ListTagsForResource POST TagResource
          vpc-connection POST CreateVpcConnection
           {} DELETE DeleteVpcConnection GET DescribeVpcConnection
          vpc-connections GET ListVpcConnections
        lambda
         2014-11-13
          functions
           {}
            invoke-async POST InvokeFunction
         2015-03-31
          event-source-mappings GET ListEventSourceMappings POST CreateEventSourceMapping
           {} DELETE DeleteEventSourceMapping GET GetEventSourceMapping PUT UpdateEventSourceMapping
          functions GET ListFunctions POST CreateFunction
           {} DELETE DeleteFunction GET GetFunction
            aliases GET ListAliases POST CreateAlias
             {} DELETE DeleteAlias GET GetAlias PUT UpdateAlias
            code PUT UpdateFunctionCode
            configuration GET GetFunctionConfiguration PUT UpdateFunctionConfiguration
            invocations POST InvokeFunction
            policy GET GetPolicy POST AddPermission
             {} DELETE RemovePermission
            versions GET ListVersionsByFunction POST PublishVersion
         2016-08-19
          account-settings GET GetAccountSettings
         2017-03-31
          tags
           {} DELETE UntagResource GET ListTags POST TagResource
         2017-10-31
          functions
           {}
            concurrency DELETE DeleteFunctionConcurrency PUT PutFunctionConcurrency
         2018-10-31
          layers GET ListLayers GET?find=LayerVersion GetLayerVersion
           {}
            versions GET ListLayerVersions POST PublishLayerVersion
             {} DELETE DeleteLayerVersion GET GetLayerVersion
              policy GET GetLayerVersionPolicy POST AddLayerVersionPermission
               {} DELETE RemoveLayerVersionPermission
         2019-09-25
          functions
           {}
            event-invoke-config DELETE DeleteFunctionEventInvokeConfig GET GetFunctionEventInvokeConfig POST UpdateFunctionEventInvokeConfig PUT PutFunctionEventInvokeConfig
             list GET ListFunctionEventInvokeConfigs
         2019-09-30
          functions
           {}
            concurrency GET GetFunctionConcurrency
            provisioned-concurrency DELETE DeleteProvisionedConcurrencyConfig GET GetProvisionedConcurrencyConfig GET?List=ALL ListProvisionedConcurrencyConfigs PUT PutProvisionedConcurrencyConfig
         2020-04-22
          code-signing-configs GET ListCodeSigningConfigs POST CreateCodeSigningConfig
           {} DELETE DeleteCodeSigningConfig GET GetCodeSigningConfig PUT UpdateCodeSigningConfig
            functions GET ListFunctionsByCodeSigningConfig
         2020-06-30
          functions
           {}
            code-signing-config DELETE DeleteFunctionCodeSigningConfig GET GetFunctionCodeSigningConfig PUT PutFunctionCodeSigningConfig
         2021-07-20
          functions
           {}
            runtime-management-config GET GetRuntimeManagementConfig PUT PutRuntimeManagementConfig
         2021-10-31
          functions
           {}
            url DELETE DeleteFunctionUrlConfig GET GetFunctionUrlConfig POST CreateFunctionUrlConfig PUT UpdateFunctionUrlConfig
            urls GET ListFunctionUrlConfigs
         2021-11-15
          functions
           {}
            response-streaming-invocations POST InvokeFunction
         2024-08-31
          functions
           {}
            recursion-config GET GetFunctionRecursionConfig PUT PutFunctionRecursionConfig
         2025-11-30
          capacity-providers GET ListCapacityProviders POST CreateCapacityProvider
           {} DELETE DeleteCapacityProvider GET GetCapacityProvider PUT UpdateCapacityProvider
            function-versions GET ListFunctionVersionsByCapacityProvider
          functions
           {}
            function-scaling-config GET GetFunctionScalingConfig PUT PutFunctionScalingConfig
         2025-12-01
          durable-execution-callbacks
           {}
            fail POST SendDurableExecutionCallbackFailure
            heartbeat POST SendDurableExecutionCallbackHeartbeat
            succeed POST SendDurableExecutionCallbackSuccess
          durable-executions
           {} GET GetDurableExecution
            checkpoint POST CheckpointDurableExecution
            history GET GetDurableExecutionHistory
            state GET GetDurableExecutionState
            stop POST StopDurableExecution
          functions
           {}
            durable-executions GET ListDurableExecutionsByFunction
        lex
         bots
          {}
           botAliases
            {}
             botLocales
              {}
               sessions
                {} DELETE DeleteSession GET GetSession POST PutSession
                 conversation POST StartConversation
                 text POST RecognizeText
                 utterance POST RecognizeUtterance
        mobiletargeting
         v1
          apps GET GetApps POST CreateApp
           {} DELETE DeleteApp GET GetApp
            attributes
             {} PUT RemoveAttributes
            campaigns GET GetCampaigns POST CreateCampaign
             {} DELETE DeleteCampaign GET GetCampaign PUT UpdateCampaign
              activities GET GetCampaignActivities
              kpis
               daterange
                {} GET GetCampaignDateRangeKpi
              versions GET GetCampaignVersions
               {} GET GetCampaignVersion
            channels GET GetChannels
             adm DELETE DeleteAdmChannel GET GetAdmChannel PUT UpdateAdmChannel
             apns DELETE DeleteApnsChannel GET GetApnsChannel PUT UpdateApnsChannel
             apns_sandbox DELETE DeleteApnsSandboxChannel GET GetApnsSandboxChannel PUT UpdateApnsSandboxChannel
             apns_voip DELETE DeleteApnsVoipChannel GET GetApnsVoipChannel PUT UpdateApnsVoipChannel
             apns_voip_sandbox DELETE DeleteApnsVoipSandboxChannel GET GetApnsVoipSandboxChannel PUT UpdateApnsVoipSandboxChannel
             baidu DELETE DeleteBaiduChannel GET GetBaiduChannel PUT UpdateBaiduChannel
             email DELETE DeleteEmailChannel GET GetEmailChannel PUT UpdateEmailChannel
             gcm DELETE DeleteGcmChannel GET GetGcmChannel PUT UpdateGcmChannel
             sms DELETE DeleteSmsChannel GET GetSmsChannel PUT UpdateSmsChannel
             voice DELETE DeleteVoiceChannel GET GetVoiceChannel PUT UpdateVoiceChannel
            endpoints PUT UpdateEndpointsBatch
             {} DELETE DeleteEndpoint GET GetEndpoint PUT UpdateEndpoint
              inappmessages GET GetInAppMessages
            events POST PutEvents
            eventstream DELETE DeleteEventStream GET GetEventStream POST PutEventStream
            jobs
             export GET GetExportJobs POST CreateExportJob
              {} GET GetExportJob
             import GET GetImportJobs POST CreateImportJob
              {} GET GetImportJob
            journeys GET ListJourneys POST CreateJourney
             {} DELETE DeleteJourney GET GetJourney PUT UpdateJourney
              activities
               {}
                execution-metrics GET GetJourneyExecutionActivityMetrics
              execution-metrics GET GetJourneyExecutionMetrics
              kpis
               daterange
                {} GET GetJourneyDateRangeKpi
              runs GET GetJourneyRuns
               {}
                activities
                 {}
                  execution-metrics GET GetJourneyRunExecutionActivityMetrics
                execution-metrics GET GetJourneyRunExecutionMetrics
              state PUT UpdateJourneyState
            kpis
             daterange
              {} GET GetApplicationDateRangeKpi
            messages POST SendMessages
            otp POST SendOTPMessage
            segments GET GetSegments POST CreateSegment
             {} DELETE DeleteSegment GET GetSegment PUT UpdateSegment
              jobs
               export GET GetSegmentExportJobs
               import GET GetSegmentImportJobs
              versions GET GetSegmentVersions
               {} GET GetSegmentVersion
            settings GET GetApplicationSettings PUT UpdateApplicationSettings
            users
             {} DELETE DeleteUserEndpoints GET GetUserEndpoints
            users-messages POST SendUsersMessages
            verify-otp POST VerifyOTPMessage
          phone
           number
            validate POST PhoneNumberValidate
          recommenders GET GetRecommenderConfigurations POST CreateRecommenderConfiguration
           {} DELETE DeleteRecommenderConfiguration GET GetRecommenderConfiguration PUT UpdateRecommenderConfiguration
          tags
           {} DELETE UntagResource GET ListTagsForResource POST TagResource
          templates GET ListTemplates
           {}
            email DELETE DeleteEmailTemplate GET GetEmailTemplate POST CreateEmailTemplate PUT UpdateEmailTemplate
            inapp DELETE DeleteInAppTemplate GET GetInAppTemplate POST CreateInAppTemplate PUT UpdateInAppTemplate
            push DELETE DeletePushTemplate GET GetPushTemplate POST CreatePushTemplate PUT UpdatePushTemplate
            sms DELETE DeleteSmsTemplate GET GetSmsTemplate POST CreateSmsTemplate PUT UpdateSmsTemplate
            voice DELETE DeleteVoiceTemplate GET GetVoiceTemplate POST CreateVoiceTemplate PUT UpdateVoiceTemplate
            {}
             active-version PUT UpdateTemplateActiveVersion
             versions GET ListTemplateVersions
        mq
         v1
          broker-engine-types GET DescribeBrokerEngineTypes
          broker-instance-options GET DescribeBrokerInstanceOptions
          brokers GET ListBrokers POST CreateBroker
           {} DELETE DeleteBroker GET DescribeBroker PUT UpdateBroker
            promote POST Promote
            reboot POST RebootBroker
            users GET ListUsers
             {} DELETE DeleteUser GET DescribeUser POST CreateUser PUT UpdateUser
          configurations GET ListConfigurations POST CreateConfiguration
           {} DELETE DeleteConfiguration GET DescribeConfiguration PUT UpdateConfiguration
            revisions GET ListConfigurationRevisions
             {} GET DescribeConfigurationRevision
          tags
           {} DELETE DeleteTags GET ListTags POST CreateTags
        pipes
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
         v1
          pipes GET ListPipes
           {} DELETE DeletePipe GET DescribePipe POST CreatePipe PUT UpdatePipe
            start POST StartPipe
            stop POST StopPipe
        polly
         v1
          lexicons GET ListLexicons
           {} DELETE DeleteLexicon GET GetLexicon PUT PutLexicon
          speech POST SynthesizeSpeech
          synthesisStream POST StartSpeechSynthesisStream
          synthesisTasks GET ListSpeechSynthesisTasks POST StartSpeechSynthesisTask
           {} GET GetSpeechSynthesisTask
          voices GET DescribeVoices
        ram
         acceptresourceshareinvitation POST AcceptResourceShareInvitation
         associateresourceshare POST AssociateResourceShare
         associateresourcesharepermission POST AssociateResourceSharePermission
         createpermission POST CreatePermission
         createpermissionversion POST CreatePermissionVersion
         createresourceshare POST CreateResourceShare
         deletepermission DELETE DeletePermission
         deletepermissionversion DELETE DeletePermissionVersion
         deleteresourceshare DELETE DeleteResourceShare
         disassociateresourceshare POST DisassociateResourceShare
         disassociateresourcesharepermission POST DisassociateResourceSharePermission
         enablesharingwithawsorganization POST EnableSharingWithAwsOrganization
         getpermission POST GetPermission
         getresourcepolicies POST GetResourcePolicies
         getresourceshareassociations POST GetResourceShareAssociations
         getresourceshareinvitations POST GetResourceShareInvitations
         getresourceshares POST GetResourceShares
         listpendinginvitationresources POST ListPendingInvitationResources
         listpermissionassociations POST ListPermissionAssociations
         listpermissions POST ListPermissions
         listpermissionversions POST ListPermissionVersions
         listprincipals POST ListPrincipals
         listreplacepermissionassociationswork POST ListReplacePermissionAssociationsWork
         listresources POST ListResources
         listresourcesharepermissions POST ListResourceSharePermissions
         listresourcetypes POST ListResourceTypes
         listsourceassociations POST ListSourceAssociations
         promotepermissioncreatedfrompolicy POST PromotePermissionCreatedFromPolicy
         promoteresourcesharecreatedfrompolicy POST PromoteResourceShareCreatedFromPolicy
         rejectresourceshareinvitation POST RejectResourceShareInvitation
         replacepermissionassociations POST ReplacePermissionAssociations
         setdefaultpermissionversion POST SetDefaultPermissionVersion
         tagresource POST TagResource
         untagresource POST UntagResource
         updateresourceshare POST UpdateResourceShare
        rds-data
         BatchExecute POST BatchExecuteStatement
         BeginTransaction POST BeginTransaction
         CommitTransaction POST CommitTransaction
         Execute POST ExecuteStatement
         ExecuteSql POST ExecuteSql
         RollbackTransaction POST RollbackTransaction
        route53
         2013-04-01
          accountlimit
           {} GET GetAccountLimit
          change
           {} GET GetChange
          checkeripranges GET GetCheckerIpRanges
          cidrcollection GET ListCidrCollections POST CreateCidrCollection
           {} DELETE DeleteCidrCollection GET ListCidrLocations POST ChangeCidrCollection
            cidrblocks GET ListCidrBlocks
          delegationset GET ListReusableDelegationSets POST CreateReusableDelegationSet
           {} DELETE DeleteReusableDelegationSet GET GetReusableDelegationSet
          geolocation GET GetGeoLocation
          geolocations GET ListGeoLocations
          healthcheck GET ListHealthChecks POST CreateHealthCheck
           {} DELETE DeleteHealthCheck GET GetHealthCheck POST UpdateHealthCheck
            lastfailurereason GET GetHealthCheckLastFailureReason
            status GET GetHealthCheckStatus
          healthcheckcount GET GetHealthCheckCount
          hostedzone GET ListHostedZones POST CreateHostedZone
           {} DELETE DeleteHostedZone GET GetHostedZone POST UpdateHostedZoneComment
            associatevpc POST AssociateVPCWithHostedZone
            authorizevpcassociation GET ListVPCAssociationAuthorizations POST CreateVPCAssociationAuthorization
            deauthorizevpcassociation POST DeleteVPCAssociationAuthorization
            disable-dnssec POST DisableHostedZoneDNSSEC
            disassociatevpc POST DisassociateVPCFromHostedZone
            dnssec GET GetDNSSEC
            enable-dnssec POST EnableHostedZoneDNSSEC
            features POST UpdateHostedZoneFeatures
            rrset GET ListResourceRecordSets POST ChangeResourceRecordSets
          hostedzonecount GET GetHostedZoneCount
          hostedzonelimit
           {}
            {} GET GetHostedZoneLimit
          hostedzonesbyname GET ListHostedZonesByName
          hostedzonesbyvpc GET ListHostedZonesByVPC
          keysigningkey POST CreateKeySigningKey
           {}
            {} DELETE DeleteKeySigningKey
             activate POST ActivateKeySigningKey
             deactivate POST DeactivateKeySigningKey
          queryloggingconfig GET ListQueryLoggingConfigs POST CreateQueryLoggingConfig
           {} DELETE DeleteQueryLoggingConfig GET GetQueryLoggingConfig
          reusabledelegationsetlimit
           {}
            {} GET GetReusableDelegationSetLimit
          tags
           {} POST ListTagsForResources
            {} GET ListTagsForResource POST ChangeTagsForResource
          testdnsanswer GET TestDNSAnswer
          trafficpolicies GET ListTrafficPolicies
           {}
            versions GET ListTrafficPolicyVersions
          trafficpolicy POST CreateTrafficPolicy
           {} POST CreateTrafficPolicyVersion
            {} DELETE DeleteTrafficPolicy GET GetTrafficPolicy POST UpdateTrafficPolicyComment
          trafficpolicyinstance POST CreateTrafficPolicyInstance
           {} DELETE DeleteTrafficPolicyInstance GET GetTrafficPolicyInstance POST UpdateTrafficPolicyInstance
          trafficpolicyinstancecount GET GetTrafficPolicyInstanceCount
          trafficpolicyinstances GET ListTrafficPolicyInstances
           hostedzone GET ListTrafficPolicyInstancesByHostedZone
           trafficpolicy GET ListTrafficPolicyInstancesByPolicy
        s3tables
         buckets GET ListTableBuckets PUT CreateTableBucket
          {} DELETE DeleteTableBucket GET GetTableBucket
           encryption DELETE DeleteTableBucketEncryption GET GetTableBucketEncryption PUT PutTableBucketEncryption
           maintenance GET GetTableBucketMaintenanceConfiguration
            {} PUT PutTableBucketMaintenanceConfiguration
           metrics DELETE DeleteTableBucketMetricsConfiguration GET GetTableBucketMetricsConfiguration PUT PutTableBucketMetricsConfiguration
           policy DELETE DeleteTableBucketPolicy GET GetTableBucketPolicy PUT PutTableBucketPolicy
           storage-class GET GetTableBucketStorageClass PUT PutTableBucketStorageClass
         get-table GET GetTable
         namespaces
          {} GET ListNamespaces PUT CreateNamespace
           {} DELETE DeleteNamespace GET GetNamespace
         replication-status GET GetTableReplicationStatus
         table-bucket-replication DELETE DeleteTableBucketReplication GET GetTableBucketReplication PUT PutTableBucketReplication
         table-record-expiration GET GetTableRecordExpirationConfiguration PUT PutTableRecordExpirationConfiguration
         table-record-expiration-job-status GET GetTableRecordExpirationJobStatus
         table-replication DELETE DeleteTableReplication GET GetTableReplication PUT PutTableReplication
         tables
          {} GET ListTables
           {} PUT CreateTable
            {} DELETE DeleteTable
             encryption GET GetTableEncryption
             maintenance GET GetTableMaintenanceConfiguration
              {} PUT PutTableMaintenanceConfiguration
             maintenance-job-status GET GetTableMaintenanceJobStatus
             metadata-location GET GetTableMetadataLocation PUT UpdateTableMetadataLocation
             policy DELETE DeleteTablePolicy GET GetTablePolicy PUT PutTablePolicy
             rename PUT RenameTable
             storage-class GET GetTableStorageClass
         tag
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
        s3vectors
         CreateIndex POST CreateIndex
         CreateVectorBucket POST CreateVectorBucket
         DeleteIndex POST DeleteIndex
         DeleteVectorBucket POST DeleteVectorBucket
         DeleteVectorBucketPolicy POST DeleteVectorBucketPolicy
         DeleteVectors POST DeleteVectors
         GetIndex POST GetIndex
         GetVectorBucket POST GetVectorBucket
         GetVectorBucketPolicy POST GetVectorBucketPolicy
         GetVectors POST GetVectors
         ListIndexes POST ListIndexes
         ListVectorBuckets POST ListVectorBuckets
         ListVectors POST ListVectors
         PutVectorBucketPolicy POST PutVectorBucketPolicy
         PutVectors POST PutVectors
         QueryVectors POST QueryVectors
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
        scheduler
         schedule-groups GET ListScheduleGroups
          {} DELETE DeleteScheduleGroup GET GetScheduleGroup POST CreateScheduleGroup
         schedules GET ListSchedules
          {} DELETE DeleteSchedule GET GetSchedule POST CreateSchedule PUT UpdateSchedule
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
        securityhub
         accounts DELETE DisableSecurityHub GET DescribeHub PATCH UpdateSecurityHubConfiguration POST EnableSecurityHub
         actionTargets POST CreateActionTarget
          get POST DescribeActionTargets
          {+} DELETE DeleteActionTarget PATCH UpdateActionTarget
         administrator GET GetAdministratorAccount POST AcceptAdministratorInvitation
          disassociate POST DisassociateFromAdministratorAccount
         aggregatorv2
          create POST CreateAggregatorV2
          delete
           {+} DELETE DeleteAggregatorV2
          get
           {+} GET GetAggregatorV2
          list GET ListAggregatorsV2
          update
           {+} PATCH UpdateAggregatorV2
         associations GET ListStandardsControlAssociations PATCH BatchUpdateStandardsControlAssociations
          batchGet POST BatchGetStandardsControlAssociations
         automationrules
          create POST CreateAutomationRule
          delete POST BatchDeleteAutomationRules
          get POST BatchGetAutomationRules
          list GET ListAutomationRules
          update PATCH BatchUpdateAutomationRules
         automationrulesv2
          create POST CreateAutomationRuleV2
          list GET ListAutomationRulesV2
          {} DELETE DeleteAutomationRuleV2 GET GetAutomationRuleV2 PATCH UpdateAutomationRuleV2
         configurationPolicy
          create POST CreateConfigurationPolicy
          get
           {} GET GetConfigurationPolicy
          list GET ListConfigurationPolicies
          {} DELETE DeleteConfigurationPolicy PATCH UpdateConfigurationPolicy
         configurationPolicyAssociation
          associate POST StartConfigurationPolicyAssociation
          batchget POST BatchGetConfigurationPolicyAssociations
          disassociate POST StartConfigurationPolicyDisassociation
          get POST GetConfigurationPolicyAssociation
          list POST ListConfigurationPolicyAssociations
         connectorsv2 GET ListConnectorsV2 POST CreateConnectorV2
          register POST RegisterConnectorV2
          {+} DELETE DeleteConnectorV2 GET GetConnectorV2 PATCH UpdateConnectorV2
         findingAggregator
          create POST CreateFindingAggregator
          delete
           {+} DELETE DeleteFindingAggregator
          get
           {+} GET GetFindingAggregator
          list GET ListFindingAggregators
          update PATCH UpdateFindingAggregator
         findingHistory
          get POST GetFindingHistory
         findings PATCH UpdateFindings POST GetFindings
          batchupdate PATCH BatchUpdateFindings
          import POST BatchImportFindings
         findingsTrendsv2 POST GetFindingsTrendsV2
         findingsv2 POST GetFindingsV2
          batchupdatev2 PATCH BatchUpdateFindingsV2
          statistics POST GetFindingStatisticsV2
         hubv2 DELETE DisableSecurityHubV2 GET DescribeSecurityHubV2 POST EnableSecurityHubV2
         insights POST CreateInsight
          get POST GetInsights
          results
           {+} GET GetInsightResults
          {+} DELETE DeleteInsight PATCH UpdateInsight
         invitations GET ListInvitations
          count GET GetInvitationsCount
          decline POST DeclineInvitations
          delete POST DeleteInvitations
         master GET GetMasterAccount POST AcceptInvitation
          disassociate POST DisassociateFromMasterAccount
         members GET ListMembers POST CreateMembers
          delete POST DeleteMembers
          disassociate POST DisassociateMembers
          get POST GetMembers
          invite POST InviteMembers
         organization
          admin GET ListOrganizationAdminAccounts
           disable POST DisableOrganizationAdminAccount
           enable POST EnableOrganizationAdminAccount
          configuration GET DescribeOrganizationConfiguration POST UpdateOrganizationConfiguration
         productSubscriptions GET ListEnabledProductsForImport POST EnableImportFindingsForProduct
          {+} DELETE DisableImportFindingsForProduct
         products GET DescribeProducts
         productsV2 GET DescribeProductsV2
         recommendedPolicyV2
          {} GET GetRecommendedPolicyV2 POST GenerateRecommendedPolicyV2
         resourcesTrendsv2 POST GetResourcesTrendsV2
         resourcesv2 POST GetResourcesV2
          statistics POST GetResourcesStatisticsV2
         securityControl
          definition GET GetSecurityControlDefinition
          update PATCH UpdateSecurityControl
         securityControls
          batchGet POST BatchGetSecurityControls
          definitions GET ListSecurityControlDefinitions
         standards GET DescribeStandards
          control
           {+} PATCH UpdateStandardsControl
          controls
           {+} GET DescribeStandardsControls
          deregister POST BatchDisableStandards
          get POST GetEnabledStandards
          register POST BatchEnableStandards
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
         ticketsv2 POST CreateTicketV2
        ses
         v2
          email
           account GET GetAccount
            dedicated-ips
             warmup PUT PutAccountDedicatedIpWarmupAttributes
            details POST PutAccountDetails
            sending PUT PutAccountSendingAttributes
            suppression PUT PutAccountSuppressionAttributes
            vdm PUT PutAccountVdmAttributes
           configuration-sets GET ListConfigurationSets POST CreateConfigurationSet
            {} DELETE DeleteConfigurationSet GET GetConfigurationSet
             archiving-options PUT PutConfigurationSetArchivingOptions
             delivery-options PUT PutConfigurationSetDeliveryOptions
             event-destinations GET GetConfigurationSetEventDestinations POST CreateConfigurationSetEventDestination
              {} DELETE DeleteConfigurationSetEventDestination PUT UpdateConfigurationSetEventDestination
             reputation-options PUT PutConfigurationSetReputationOptions
             sending PUT PutConfigurationSetSendingOptions
             suppression-options PUT PutConfigurationSetSuppressionOptions
             tracking-options PUT PutConfigurationSetTrackingOptions
             vdm-options PUT PutConfigurationSetVdmOptions
           contact-lists GET ListContactLists POST CreateContactList
            {} DELETE DeleteContactList GET GetContactList PUT UpdateContactList
             contacts POST CreateContact
              list POST ListContacts
              {} DELETE DeleteContact GET GetContact PUT UpdateContact
           custom-verification-email-templates GET ListCustomVerificationEmailTemplates POST CreateCustomVerificationEmailTemplate
            {} DELETE DeleteCustomVerificationEmailTemplate GET GetCustomVerificationEmailTemplate PUT UpdateCustomVerificationEmailTemplate
           dedicated-ip-pools GET ListDedicatedIpPools POST CreateDedicatedIpPool
            {} DELETE DeleteDedicatedIpPool GET GetDedicatedIpPool
             scaling PUT PutDedicatedIpPoolScalingAttributes
           dedicated-ips GET GetDedicatedIps
            {} GET GetDedicatedIp
             pool PUT PutDedicatedIpInPool
             warmup PUT PutDedicatedIpWarmupAttributes
           deliverability-dashboard GET GetDeliverabilityDashboardOptions PUT PutDeliverabilityDashboardOption
            blacklist-report GET GetBlacklistReports
            campaigns
             {} GET GetDomainDeliverabilityCampaign
            domains
             {}
              campaigns GET ListDomainDeliverabilityCampaigns
            statistics-report
             {} GET GetDomainStatisticsReport
            test POST CreateDeliverabilityTestReport
            test-reports GET ListDeliverabilityTestReports
             {} GET GetDeliverabilityTestReport
           email-address-insights POST GetEmailAddressInsights
           export-jobs POST CreateExportJob
            {} GET GetExportJob
             cancel PUT CancelExportJob
           identities GET ListEmailIdentities POST CreateEmailIdentity
            {} DELETE DeleteEmailIdentity GET GetEmailIdentity
             configuration-set PUT PutEmailIdentityConfigurationSetAttributes
             dkim PUT PutEmailIdentityDkimAttributes
              signing PUT PutEmailIdentityDkimSigningAttributes
             feedback PUT PutEmailIdentityFeedbackAttributes
             mail-from PUT PutEmailIdentityMailFromAttributes
             policies GET GetEmailIdentityPolicies
              {} DELETE DeleteEmailIdentityPolicy POST CreateEmailIdentityPolicy PUT UpdateEmailIdentityPolicy
           import-jobs POST CreateImportJob
            list POST ListImportJobs
            {} GET GetImportJob
           insights
            {} GET GetMessageInsights
           list-export-jobs POST ListExportJobs
           metrics
            batch POST BatchGetMetricData
           multi-region-endpoints GET ListMultiRegionEndpoints POST CreateMultiRegionEndpoint
            {} DELETE DeleteMultiRegionEndpoint GET GetMultiRegionEndpoint
           outbound-bulk-emails POST SendBulkEmail
           outbound-custom-verification-emails POST SendCustomVerificationEmail
           outbound-emails POST SendEmail
           reputation
            entities POST ListReputationEntities
             {}
              {} GET GetReputationEntity
               customer-managed-status PUT UpdateReputationEntityCustomerManagedStatus
               policy PUT UpdateReputationEntityPolicy
           resources
            tenants
             list POST ListResourceTenants
           suppression
            addresses GET ListSuppressedDestinations PUT PutSuppressedDestination
             {} DELETE DeleteSuppressedDestination GET GetSuppressedDestination
           tags DELETE UntagResource GET ListTagsForResource POST TagResource
           templates GET ListEmailTemplates POST CreateEmailTemplate
            {} DELETE DeleteEmailTemplate GET GetEmailTemplate PUT UpdateEmailTemplate
             render POST TestRenderEmailTemplate
           tenants POST CreateTenant
            delete POST DeleteTenant
            get POST GetTenant
            list POST ListTenants
            resources POST CreateTenantResourceAssociation
             delete POST DeleteTenantResourceAssociation
             list POST ListTenantResources
           vdm
            recommendations POST ListRecommendations
        signer
         revocations GET GetRevocationStatus
         signing-jobs GET ListSigningJobs POST StartSigningJob
          with-payload POST SignPayload
          {} GET DescribeSigningJob
           revoke PUT RevokeSignature
         signing-platforms GET ListSigningPlatforms
          {} GET GetSigningPlatform
         signing-profiles GET ListSigningProfiles
          {} DELETE CancelSigningProfile GET GetSigningProfile PUT PutSigningProfile
           permissions GET ListProfilePermissions POST AddProfilePermission
            {} DELETE RemoveProfilePermission
           revoke PUT RevokeSigningProfile
         tags
          {} DELETE UntagResource GET ListTagsForResource POST TagResource
        sso
         assignment
          accounts GET ListAccounts
          roles GET ListAccountRoles
         federation
          credentials GET GetRoleCredentials
         logout POST Logout
        sso-oauth
         client
          register POST RegisterClient
         device_authorization POST StartDeviceAuthorization
         token POST CreateToken POST?aws_iam=t CreateTokenWithIAM
        xray
         CancelTraceRetrieval POST CancelTraceRetrieval
         CreateGroup POST CreateGroup
         CreateSamplingRule POST CreateSamplingRule
         DeleteGroup POST DeleteGroup
         DeleteResourcePolicy POST DeleteResourcePolicy
         DeleteSamplingRule POST DeleteSamplingRule
         EncryptionConfig POST GetEncryptionConfig
         GetGroup POST GetGroup
         GetIndexingRules POST GetIndexingRules
         GetRetrievedTracesGraph POST GetRetrievedTracesGraph
         GetSamplingRules POST GetSamplingRules
         GetTraceSegmentDestination POST GetTraceSegmentDestination
         Groups POST GetGroups
         Insight POST GetInsight
         InsightEvents POST GetInsightEvents
         InsightImpactGraph POST GetInsightImpactGraph
         InsightSummaries POST GetInsightSummaries
         ListResourcePolicies POST ListResourcePolicies
         ListRetrievedTraces POST ListRetrievedTraces
         ListTagsForResource POST ListTagsForResource
         PutEncryptionConfig POST PutEncryptionConfig
         PutResourcePolicy POST PutResourcePolicy
         SamplingStatisticSummaries POST GetSamplingStatisticSummaries
         SamplingTargets POST GetSamplingTargets
         ServiceGraph POST GetServiceGraph
         StartTraceRetrieval POST StartTraceRetrieval
         TagResource POST TagResource
         TelemetryRecords POST PutTelemetryRecords
         TimeSeriesServiceStatistics POST GetTimeSeriesServiceStatistics
         TraceGraph POST GetTraceGraph
         TraceSegments POST PutTraceSegments
         TraceSummaries POST GetTraceSummaries
         Traces POST BatchGetTraces
         UntagResource POST UntagResource
         UpdateGroup POST UpdateGroup
         UpdateIndexingRule POST UpdateIndexingRule
         UpdateSamplingRule POST UpdateSamplingRule
         UpdateTraceSegmentDestination POST UpdateTraceSegmentDestination
        """u8;
}
